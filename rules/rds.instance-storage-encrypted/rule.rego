package rules.rds_instance_storage_encrypted

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.storageEncrypted != true
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.storageEncrypted"
	message := sprintf("DB instance '%s' keeps its data unencrypted.", [instance])
	evidence := {"instance": instance}
}
