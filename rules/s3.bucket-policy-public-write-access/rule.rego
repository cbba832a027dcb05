package rules.s3_bucket_policy_public_write_access

writing contains public if {
	some public in data.lib.bucket.public_statements(input.resource, input.related.accounts)
	data.lib.bucket.writes(public.statement)
}

# A text is no answer, so that the verdict is unknown.
applies := "the policy of the bucket cannot be read" if not data.lib.bucket.tells_policy(input.resource)

else := "anyone may write unless the block of public access of the bucket's account keeps them out, which was not read" if {
	data.lib.bucket.hides_block(input.resource, input.related.accounts)
	count(writing) > 0
}

else := true

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some public in writing
	name := data.lib.bucket.called(public.place, public.statement)
	path := sprintf("supplementaryConfiguration.BucketPolicy.policyText.Statement[%d]", [public.place])
	message := sprintf("Bucket '%s' has a policy that lets anyone write by its statement %s.", [input.resource.resourceId, name])
	evidence := {"statement": name, "actions": data.lib.policy.actions(public.statement)}
}
