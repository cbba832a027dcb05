package rules.cloudfront_distributions_https_enabled

secure := {"https-only", "redirect-to-https"}

violations contains {"path": path, "message": message, "evidence": {"behavior": "default", "policy": policy}} if {
	policy := input.resource.configuration.distributionConfig.defaultCacheBehavior.viewerProtocolPolicy
	not policy in secure
	path := "configuration.distributionConfig.defaultCacheBehavior.viewerProtocolPolicy"
	message := sprintf("Distribution '%s' answers plain HTTP by default.", [input.resource.resourceId])
}

violations contains {"path": path, "message": message, "evidence": {"behavior": pattern, "policy": policy}} if {
	some place, behavior in input.resource.configuration.distributionConfig.cacheBehaviors.items
	policy := object.get(behavior, "viewerProtocolPolicy", null)
	not policy in secure
	path := sprintf("configuration.distributionConfig.cacheBehaviors.items[%d].viewerProtocolPolicy", [place])
	pattern := object.get(behavior, "pathPattern", "")
	message := sprintf("Distribution '%s' answers plain HTTP for paths like '%s'.", [input.resource.resourceId, pattern])
}

# Behaviors that were counted, but not read, count as open.
violations contains {"path": path, "message": message, "evidence": {"quantity": quantity}} if {
	behaviors := input.resource.configuration.distributionConfig.cacheBehaviors
	quantity := behaviors.quantity
	quantity != count(object.get(behaviors, "items", []))
	path := "configuration.distributionConfig.cacheBehaviors.quantity"
	message := sprintf("Distribution '%s' has behaviors of which it is not known whether they answer plain HTTP.", [input.resource.resourceId])
}
