package rules.s3_bucket_public_access

exposures := data.lib.bucket.exposures(input.resource, input.related.accounts, "Bucket")

# A text is no answer, so that the verdict is unknown.
applies := "the policy or the access control list of the bucket cannot be read" if {
	not data.lib.bucket.tells_all(input.resource)
}

else := "the bucket is open unless its account's block of public access keeps it shut, which was not read" if {
	data.lib.bucket.hides_block(input.resource, input.related.accounts)
	count(exposures) > 0
}

else := true

violations contains violation if some violation in exposures
