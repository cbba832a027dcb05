package rules.iam_user_mfa_enabled_console_access

report := input.resource.supplementaryConfiguration.CredentialReport

is_read if report.password_enabled == false

is_read if {
	report.password_enabled == true
	is_boolean(report.mfa_active)
}

applies := true if {
	report.password_enabled == true
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the credential report does not say whether the user has a password and a device" if not is_read

violations contains {"path": path, "message": message, "evidence": evidence} if {
	report.mfa_active == false
	path := "supplementaryConfiguration.CredentialReport.mfa_active"
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("User '%s' has a console password and no MFA device.", [called])
	evidence := {"password_last_used": object.get(report, "password_last_used", null)}
}
