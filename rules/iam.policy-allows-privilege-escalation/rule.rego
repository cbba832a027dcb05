package rules.iam_policy_allows_privilege_escalation

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
	ways := sort(data.lib.privileges.ways(version.document))
	count(ways) > 0
	shown := concat(", ", array.slice(ways, 0, 5))
	path := sprintf("configuration.policyVersionList[%d].document", [place])
	called := data.lib.naming.called(input.resource, "policyName")
	message := sprintf("Policy '%s' has %d ways to further rights, among them %s.", [called, count(ways), shown])
	evidence := {"policy": policy.arn, "version": object.get(version, "versionId", ""), "ways": ways}
}
