package rules.dynamodb_table_deletion_protection_enabled

violations contains {"path": path, "message": message, "evidence": {"deletionProtectionEnabled": found}} if {
	found := input.resource.configuration.deletionProtectionEnabled
	found != true
	path := "configuration.deletionProtectionEnabled"
	message := sprintf("Table '%s' has no deletion protection.", [input.resource.configuration.tableName])
}
