package rules.vpc_flow_logs_enabled

vpc := input.resource.configuration.vpcId

is_logged if {
	some log in input.related.flowLogs
	log.configuration.ResourceId == vpc
	upper(log.configuration.TrafficType) in {"ALL", "REJECT"}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_logged
	path := "configuration.vpcId"
	message := sprintf("VPC '%s' has no flow log that records rejected traffic.", [vpc])
	evidence := {"logged": false}
}
