package rules.iam_root_mfa_enabled

account := input.resource.configuration

# Only one of an account's items is about its root user.
is_asked if {
	input.resource.awsRegion == "global"
	data.lib.credentials.has_root_credentials(object.get(account, "accountSummary", {}))
}

applies := true if {
	is_asked
	is_boolean(account.rootCredentialReport.mfa_active)
}

# A text is no answer, so that the verdict is unknown.
applies := "the credential report of the root user was not read" if {
	is_asked
	not is_boolean(account.rootCredentialReport.mfa_active)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.rootCredentialReport.mfa_active == false
	path := "configuration.rootCredentialReport.mfa_active"
	message := sprintf("The root user of account %s has no MFA device.", [input.resource.accountId])
	evidence := {"mfa_active": false}
}
