package rules.s3_bucket_policy_public_write_access

applies := true if data.lib.bucket.tells_policy(input.resource)

# A text is no answer, so that the verdict is unknown.
else := "the policy of the bucket cannot be read"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some public in data.lib.bucket.public_statements(input.resource, input.related.accounts)
	data.lib.bucket.writes(public.statement)
	name := data.lib.bucket.called(public.place, public.statement)
	path := sprintf("supplementaryConfiguration.BucketPolicy.policyText.Statement[%d]", [public.place])
	message := sprintf("Bucket '%s' has a policy that lets anyone write by its statement %s.", [input.resource.resourceId, name])
	evidence := {"statement": name, "actions": data.lib.policy.actions(public.statement)}
}
