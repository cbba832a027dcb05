package rules.iam_rotate_access_key_90_days

report := input.resource.supplementaryConfiguration.CredentialReport

keys := data.lib.credentials.active_keys(report)

is_read if {
	data.lib.credentials.tells_keys(report)
	every key in keys { data.lib.days.is_instant(key.rotated) }
}

applies := true if {
	is_read
	count(keys) > 0
}

# A text is no answer, so that the verdict is unknown.
applies := "the credential report does not say how old the user's access keys are" if not is_read

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some key in keys
	days := data.lib.days.since(key.rotated, input.now)
	days > input.params.days
	path := sprintf("supplementaryConfiguration.CredentialReport.access_key_%d_last_rotated", [key.number])
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("Access key %d of user '%s' is %d days old.", [key.number, called, days])
	evidence := {"number": key.number, "rotated": key.rotated, "days": days}
}
