package rules.rds_instance_minor_version_upgrade_enabled

applies if not is_exempt(input.resource.configuration.engine)

is_exempt(engine) if startswith(engine, "custom-")

is_exempt(engine) if engine == "docdb"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.autoMinorVersionUpgrade != true
	instance := data.lib.naming.called(input.resource, "dBInstanceIdentifier")
	path := "configuration.autoMinorVersionUpgrade"
	message := sprintf("DB instance '%s' does not take minor versions of its engine by itself.", [instance])
	evidence := {"instance": instance}
}
