package rules.iam_avoid_root_usage

report := input.resource.configuration.rootCredentialReport

uses := {
	"password_last_used": "password",
	"access_key_1_last_used_date": "first access key",
	"access_key_2_last_used_date": "second access key",
}

# Null where there was no use.
is_readable(member) if report[member] == null

is_readable(member) if data.lib.days.is_instant(report[member])

is_read if {
	every member, _ in uses { is_readable(member) }
}

applies := true if {
	input.resource.awsRegion == "global"
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the credential report of the root user was not read" if {
	input.resource.awsRegion == "global"
	not is_read
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some member, name in uses
	data.lib.days.is_instant(report[member])
	days := data.lib.days.since(report[member], input.now)
	days < input.params.days
	path := sprintf("configuration.rootCredentialReport.%s", [member])
	message := sprintf("The %s of the root user of account %s was used at %s.", [name, input.resource.accountId, report[member]])
	evidence := {"at": report[member], "days": days}
}
