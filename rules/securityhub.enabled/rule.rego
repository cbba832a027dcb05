package rules.securityhub_enabled

account := input.resource.configuration

# Null where it is off.
is_read if account.securityHub == null

is_read if is_string(account.securityHub.hubArn)

# Only the items of regions say what is on there.
applies := true if {
	input.resource.awsRegion != "global"
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "whether Security Hub is on in the region was not read" if {
	input.resource.awsRegion != "global"
	not is_read
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.securityHub == null
	path := "configuration.securityHub"
	message := sprintf("Account %s has Security Hub off in %s.", [input.resource.accountId, input.resource.awsRegion])
	evidence := {"region": input.resource.awsRegion}
}
