package rules.iam_password_policy_reuse_24

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

# A policy that remembers no password says nothing of it.
remembered := found if {
	found := account.passwordPolicy.PasswordReusePrevention
	is_number(found)
}

remembered := 0 if {
	is_object(account.passwordPolicy)
	not is_number(account.passwordPolicy.PasswordReusePrevention)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	remembered < input.params.passwords
	path := "configuration.passwordPolicy.PasswordReusePrevention"
	message := sprintf("The password policy of account %s remembers %d passwords.", [input.resource.accountId, remembered])
	evidence := {"found": remembered}
}
