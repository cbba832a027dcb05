package rules.iam_user_accesskey_unused

report := input.resource.supplementaryConfiguration.CredentialReport

keys := data.lib.credentials.active_keys(report)

# Since when a key lies unused: its last use, or its making where there was none.
since(key) := key.used if key.used != null

since(key) := key.rotated if key.used == null

is_read if {
	data.lib.credentials.tells_keys(report)
	every key in keys { data.lib.days.is_instant(since(key)) }
}

applies := true if {
	is_read
	count(keys) > 0
}

# A text is no answer, so that the verdict is unknown.
applies := "the credential report does not say when the user's access keys were used" if not is_read

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some key in keys
	days := data.lib.days.since(since(key), input.now)
	days >= input.params.days
	path := sprintf("supplementaryConfiguration.CredentialReport.access_key_%d_last_used_date", [key.number])
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("Access key %d of user '%s' was not used for %d days.", [key.number, called, days])
	evidence := {"number": key.number, "since": since(key), "days": days}
}
