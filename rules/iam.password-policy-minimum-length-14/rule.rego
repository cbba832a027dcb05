package rules.iam_password_policy_minimum_length_14

account := input.resource.configuration

# A policy has a minimum length always, and null stands for no policy.
is_read if account.passwordPolicy == null

is_read if is_number(account.passwordPolicy.MinimumPasswordLength)

applies := true if {
	input.resource.awsRegion == "global"
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the password policy was not read" if {
	input.resource.awsRegion == "global"
	not is_read
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.passwordPolicy == null
	path := "configuration.passwordPolicy"
	message := sprintf("Account %s has no password policy.", [input.resource.accountId])
	evidence := {"found": 0}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	found := account.passwordPolicy.MinimumPasswordLength
	found < input.params.length
	path := "configuration.passwordPolicy.MinimumPasswordLength"
	message := sprintf("The password policy of account %s is content with %d characters.", [input.resource.accountId, found])
	evidence := {"found": found}
}
