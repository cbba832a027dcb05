package rules.rds_instance_no_public_access

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.publiclyAccessible != false
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.publiclyAccessible"
	message := sprintf("DB instance '%s' has a public address.", [instance])
	evidence := {"instance": instance}
}
