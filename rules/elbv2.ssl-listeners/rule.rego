package rules.elbv2_ssl_listeners

applies if input.resource.configuration.type == "application"

redirects(listener) if {
	actions := listener.configuration.DefaultActions
	count(actions) > 0
	every action in actions {
		action.Type == "redirect"
		action.RedirectConfig.Protocol == "HTTPS"
	}
}

violations contains {"path": path, "message": message, "evidence": {"listener": arn, "port": port}} if {
	some listener in input.related.listeners
	object.get(listener.configuration, "Protocol", "") != "HTTPS"
	not redirects(listener)
	path := "configuration.loadBalancerArn"
	arn := object.get(listener.configuration, "ListenerArn", listener.resourceId)
	port := object.get(listener.configuration, "Port", 0)
	name := object.get(input.resource.configuration, "loadBalancerName", input.resource.resourceId)
	message := sprintf("Load balancer '%s' answers plain HTTP on port %d.", [name, port])
}
