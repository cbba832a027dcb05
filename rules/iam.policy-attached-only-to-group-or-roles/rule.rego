package rules.iam_policy_attached_only_to_group_or_roles

is_read if {
	is_array(input.resource.configuration.attachedManagedPolicies)
	is_array(input.resource.configuration.userPolicyList)
}

applies := true if is_read

# A text is no answer, so that the verdict is unknown.
applies := "the policies of the user were not read" if not is_read

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, policy in input.resource.configuration.attachedManagedPolicies
	path := sprintf("configuration.attachedManagedPolicies[%d]", [place])
	arn := object.get(policy, "policyArn", "of an unknown name")
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("Policy '%s' is attached to user '%s' itself.", [arn, called])
	evidence := {"policy": arn, "removal": "detach-user-policy"}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, policy in input.resource.configuration.userPolicyList
	path := sprintf("configuration.userPolicyList[%d]", [place])
	name := object.get(policy, "policyName", "of an unknown name")
	called := data.lib.naming.called(input.resource, "userName")
	message := sprintf("Policy '%s' is written into user '%s'.", [name, called])
	evidence := {"policy": name, "removal": "delete-user-policy"}
}
