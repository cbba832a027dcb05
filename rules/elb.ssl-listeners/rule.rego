package rules.elb_ssl_listeners

secure := {"HTTPS", "SSL"}

violations contains {"path": path, "message": message, "evidence": {"port": port, "protocol": protocol}} if {
	count(input.resource.configuration.listenerDescriptions) > 0
	some place, described in input.resource.configuration.listenerDescriptions
	protocol := upper(object.get(described, ["listener", "protocol"], "unknown"))
	not protocol in secure
	path := sprintf("configuration.listenerDescriptions[%d].listener.protocol", [place])
	port := object.get(described, ["listener", "loadBalancerPort"], 0)
	message := sprintf("Load balancer '%s' takes %s in the clear on port %d.", [input.resource.configuration.loadBalancerName, protocol, port])
}
