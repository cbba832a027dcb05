package rules.iam_root_hardware_mfa_enabled

account := input.resource.configuration

# Only one of an account's items is about its root user.
is_asked if {
	input.resource.awsRegion == "global"
	data.lib.credentials.has_root_credentials(object.get(account, "accountSummary", {}))
}

is_read if {
	is_boolean(account.rootCredentialReport.mfa_active)
	is_boolean(account.rootVirtualMfa)
}

applies := true if {
	is_asked
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the MFA devices of the root user were not read" if {
	is_asked
	not is_read
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.rootCredentialReport.mfa_active == false
	path := "configuration.rootCredentialReport.mfa_active"
	message := sprintf("The root user of account %s has no MFA device at all.", [input.resource.accountId])
	evidence := {"mfa_active": false}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.rootCredentialReport.mfa_active == true
	account.rootVirtualMfa == true
	path := "configuration.rootVirtualMfa"
	message := sprintf("The root user of account %s has a virtual MFA device.", [input.resource.accountId])
	evidence := {"rootVirtualMfa": true}
}
