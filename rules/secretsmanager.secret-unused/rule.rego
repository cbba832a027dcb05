package rules.secretsmanager_secret_unused

accessed := input.resource.supplementaryConfiguration.LastAccessedDate

# Since when the secret lies unused: the day of its last reading, or its making where there was none.
since := accessed if accessed != null

since := input.resource.resourceCreationTime if accessed == null

is_asked if not input.resource.configuration.Deleted == true

applies := true if {
	is_asked
	data.lib.days.is_instant(since)
}

# A text is no answer, so that the verdict is unknown.
applies := "when the secret was read or made was not read" if {
	is_asked
	not data.lib.days.is_instant(since)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	days := data.lib.days.since(since, input.now)
	days >= input.params.days
	path := "supplementaryConfiguration.LastAccessedDate"
	called := data.lib.naming.called(input.resource, "Name")
	message := sprintf("Secret '%s' was not read for %d days.", [called, days])
	evidence := {"since": since, "days": days}
}
