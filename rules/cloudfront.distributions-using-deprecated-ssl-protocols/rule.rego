package rules.cloudfront_distributions_using_deprecated_ssl_protocols

modern := {"TLSv1.2", "TLSv1.3"}

# The protocols of a custom origin; none where they are not restricted.
protocols(origin) := {protocol | some protocol in origin.customOriginConfig.originSslProtocols.items}

violations contains {"path": path, "message": message, "evidence": {"origin": id, "protocols": outdated}} if {
	some place, origin in input.resource.configuration.distributionConfig.origins.items
	outdated := protocols(origin) - modern
	count(outdated) > 0
	id := object.get(origin, "id", "")
	path := place_of(place)
	message := sprintf("Distribution '%s' lets origin '%s' speak %s.", [input.resource.resourceId, id, concat(", ", outdated)])
}

violations contains {"path": path, "message": message, "evidence": {"origin": id, "protocols": []}} if {
	some place, origin in input.resource.configuration.distributionConfig.origins.items
	is_object(origin.customOriginConfig)
	count(protocols(origin)) == 0
	id := object.get(origin, "id", "")
	path := place_of(place)
	message := sprintf("Distribution '%s' does not say which versions of TLS origin '%s' may speak.", [input.resource.resourceId, id])
}

# Origins that were counted, but not read, count as outdated.
violations contains {"path": path, "message": message, "evidence": {"quantity": quantity}} if {
	origins := input.resource.configuration.distributionConfig.origins
	quantity := origins.quantity
	quantity != count(origins.items)
	path := "configuration.distributionConfig.origins.quantity"
	message := sprintf("Distribution '%s' has origins of which it is not known what they speak.", [input.resource.resourceId])
}

place_of(place) := sprintf("configuration.distributionConfig.origins.items[%d].customOriginConfig.originSslProtocols", [place])
