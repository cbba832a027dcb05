package rules.rds_instance_backup_enabled

applies if {
	not data.lib.rds.in_cluster(input.resource.configuration)
	not data.lib.rds.is_replica(input.resource.configuration)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	days := input.resource.configuration.backupRetentionPeriod
	not is_enough(days)
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.backupRetentionPeriod"
	message := sprintf("DB instance '%s' keeps its backups for %v days, not for %v.", [instance, days, input.params.days])
	evidence := {"instance": instance, "days": days}
}

# None at all is too few, whatever the parameter says.
is_enough(days) if {
	is_number(days)
	is_number(input.params.days)
	days > 0
	days >= input.params.days
}
