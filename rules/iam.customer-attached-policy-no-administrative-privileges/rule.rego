package rules.iam_customer_attached_policy_no_administrative_privileges

policy := input.resource.configuration

is_held if data.lib.privileges.is_held(policy)

is_read if data.lib.privileges.document(policy)

applies := true if {
	is_held
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the version of the policy that is in force was not read" if {
	is_held
	not is_read
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, version in policy.policyVersionList
	version.isDefaultVersion == true
	some statement in data.lib.policy.statements(version.document)
	data.lib.privileges.is_everything(statement)
	path := sprintf("configuration.policyVersionList[%d].document", [place])
	called := data.lib.naming.called(input.resource, "policyName")
	message := sprintf("Policy '%s' allows every action on every resource.", [called])
	evidence := {"policy": policy.arn, "version": object.get(version, "versionId", ""), "statement": statement}
}
