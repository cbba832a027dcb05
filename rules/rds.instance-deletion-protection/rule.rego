package rules.rds_instance_deletion_protection

applies if not data.lib.rds.in_cluster(input.resource.configuration)

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.deletionProtection != true
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.deletionProtection"
	message := sprintf("DB instance '%s' is not protected against deletion.", [instance])
	evidence := {"instance": instance}
}
