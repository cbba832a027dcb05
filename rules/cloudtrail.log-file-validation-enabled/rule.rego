package rules.cloudtrail_log_file_validation_enabled

# A trail of all regions is shown in each of them, and judged in its own.
applies if not data.lib.trail.is_shadow(input.resource)

trail := input.resource.configuration

is_validated if trail.logFileValidationEnabled == true

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_validated
	path := "configuration.logFileValidationEnabled"
	message := sprintf("Trail '%s' does not validate its log files.", [input.resource.resourceId])
	evidence := {"validated": false}
}
