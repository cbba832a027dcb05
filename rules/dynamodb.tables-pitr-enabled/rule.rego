package rules.dynamodb_tables_pitr_enabled

violations contains {"path": path, "message": message, "evidence": {"status": status}} if {
	backups := input.resource.supplementaryConfiguration.ContinuousBackupsDescription
	status := backups.pointInTimeRecoveryDescription.pointInTimeRecoveryStatus
	status != "ENABLED"
	path := "supplementaryConfiguration.ContinuousBackupsDescription.pointInTimeRecoveryDescription.pointInTimeRecoveryStatus"
	message := sprintf("Table '%s' has point-in-time recovery turned off.", [input.resource.configuration.tableName])
}
