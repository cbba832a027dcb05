package rules.elbv2_logging_enabled

applies if input.resource.configuration.type in {"application", "network"}

# Elastic Load Balancing gives its attributes as texts; some readers turn them into booleans.
logs if {
	some attribute in input.resource.supplementaryConfiguration.LoadBalancerAttributes
	attribute.key == "access_logs.s3.enabled"
	attribute.value in {true, "true"}
}

violations contains {"path": path, "message": message, "evidence": {"attribute": "access_logs.s3.enabled"}} if {
	not logs
	path := "supplementaryConfiguration.LoadBalancerAttributes"
	name := object.get(input.resource.configuration, "loadBalancerName", input.resource.resourceId)
	message := sprintf("Load balancer '%s' writes no access logs.", [name])
}
