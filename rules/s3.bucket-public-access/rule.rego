package rules.s3_bucket_public_access

applies := true if data.lib.bucket.tells_all(input.resource)

# A text is no answer, so that the verdict is unknown.
else := "the policy or the access control list of the bucket cannot be read"

violations contains violation if {
	some violation in data.lib.bucket.exposures(input.resource, input.related.accounts, "Bucket")
}
