package rules.rds_instance_multi_az

applies if not data.lib.rds.in_cluster(input.resource.configuration)

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.multiAZ != true
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.multiAZ"
	message := sprintf("DB instance '%s' has no standby in another Availability Zone.", [instance])
	evidence := {"instance": instance}
}
