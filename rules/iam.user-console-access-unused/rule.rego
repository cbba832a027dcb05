package rules.iam_user_console_access_unused

report := input.resource.supplementaryConfiguration.CredentialReport

# Since when the password lies unused: its last use, or where there was none, the day on which it was set.
since := report.password_last_used if report.password_last_used != null

since := report.password_last_changed if report.password_last_used == null

is_read if report.password_enabled == false

is_read if {
	report.password_enabled == true
	data.lib.days.is_instant(since)
}

applies := true if {
	report.password_enabled == true
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the credential report does not say when the user's password was used" if not is_read

violations contains {"path": path, "message": message, "evidence": evidence} if {
	days := data.lib.days.since(since, input.now)
	days >= input.params.days
	path := "supplementaryConfiguration.CredentialReport.password_last_used"
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("The password of user '%s' was not used for %d days.", [called, days])
	evidence := {"since": since, "days": days}
}
