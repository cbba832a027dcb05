package rules.cloudtrail_cloudwatch_logging_enabled

# A trail of all regions is shown in each of them, and judged in its own.
applies if not data.lib.trail.is_shadow(input.resource)

trail := input.resource.configuration

is_named(text) if {
	is_string(text)
	text != ""
}

is_sent if {
	is_named(trail.cloudWatchLogsLogGroupArn)
	is_named(trail.cloudWatchLogsRoleArn)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_sent
	path := "configuration.cloudWatchLogsLogGroupArn"
	message := sprintf("Trail '%s' does not send its events to a log group.", [input.resource.resourceId])
	evidence := {"sent": false}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	is_sent
	input.resource.supplementaryConfiguration.TrailStatus.isLogging == false
	path := "supplementaryConfiguration.TrailStatus.isLogging"
	message := sprintf("Trail '%s' names a log group, but is stopped.", [input.resource.resourceId])
	evidence := {"sent": false}
}
