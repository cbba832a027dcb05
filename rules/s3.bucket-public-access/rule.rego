package rules.s3_bucket_public_access

violations contains violation if {
	some violation in data.lib.bucket.exposures(input.resource, input.related.accounts, "Bucket")
}
