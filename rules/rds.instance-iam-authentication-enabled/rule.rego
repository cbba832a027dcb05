package rules.rds_instance_iam_authentication_enabled

applies if {
	lower(input.resource.configuration.engine) in {"mariadb", "mysql", "postgres"}
	not data.lib.rds.in_cluster(input.resource.configuration)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.iAMDatabaseAuthenticationEnabled != true
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.iAMDatabaseAuthenticationEnabled"
	message := sprintf("DB instance '%s' does not let clients log in by IAM.", [instance])
	evidence := {"instance": instance}
}
