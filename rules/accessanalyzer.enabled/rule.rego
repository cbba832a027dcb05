package rules.accessanalyzer_enabled

account := input.resource.configuration

# Only the items of regions say what watches there.
applies := true if {
	input.resource.awsRegion != "global"
	is_array(account.accessAnalyzers)
}

# A text is no answer, so that the verdict is unknown.
applies := "the analyzers of the region were not read" if {
	input.resource.awsRegion != "global"
	not is_array(account.accessAnalyzers)
}

# The types that look for access from outside; others look for access that is not used.
is_watched if {
	some analyzer in account.accessAnalyzers
	analyzer.status == "ACTIVE"
	analyzer.type in {"ACCOUNT", "ORGANIZATION"}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_watched
	path := "configuration.accessAnalyzers"
	message := sprintf("Account %s has no active analyzer of external access in %s.", [input.resource.accountId, input.resource.awsRegion])
	evidence := {"analyzers": account.accessAnalyzers}
}
