package rules.iam_user_two_active_access_key

report := input.resource.supplementaryConfiguration.CredentialReport

applies := true if data.lib.credentials.tells_keys(report)

# A text is no answer, so that the verdict is unknown.
else := "the credential report does not say which access keys are active"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	keys := data.lib.credentials.active_keys(report)
	count(keys) > 1
	path := "supplementaryConfiguration.CredentialReport.access_key_2_active"
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("User '%s' has two active access keys.", [called])
	evidence := {"keys": keys}
}
