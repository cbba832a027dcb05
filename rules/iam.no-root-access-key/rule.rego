package rules.iam_no_root_access_key

account := input.resource.configuration

active := data.lib.credentials.active_keys(account.rootCredentialReport)

# The report knows active keys only, the summary all.
is_read if {
	data.lib.credentials.tells_keys(account.rootCredentialReport)
	is_number(account.accountSummary.AccountAccessKeysPresent)
}

applies := true if {
	input.resource.awsRegion == "global"
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the access keys of the root user were not read" if {
	input.resource.awsRegion == "global"
	not is_read
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some key in active
	path := sprintf("configuration.rootCredentialReport.access_key_%d_active", [key.number])
	message := sprintf("The root user of account %s has an active access key (number %d).", [input.resource.accountId, key.number])
	evidence := key
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	count(active) == 0
	account.accountSummary.AccountAccessKeysPresent != 0
	path := "configuration.accountSummary.AccountAccessKeysPresent"
	message := sprintf("The root user of account %s has an access key, which is not active.", [input.resource.accountId])
	evidence := {"AccountAccessKeysPresent": account.accountSummary.AccountAccessKeysPresent}
}
