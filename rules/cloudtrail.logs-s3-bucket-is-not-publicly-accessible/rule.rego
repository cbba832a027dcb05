package rules.cloudtrail_logs_s3_bucket_is_not_publicly_accessible

# Only buckets that hold a trail's logs.
is_asked if {
	some trail in input.related.trails
	trail.configuration.s3BucketName == input.resource.configuration.name
}

exposures := data.lib.bucket.exposures(input.resource, input.related.accounts, "Log bucket")

# A text is no answer, so that the verdict is unknown.
applies := "the policy or the access control list of the bucket cannot be read" if {
	is_asked
	not data.lib.bucket.tells_all(input.resource)
}

else := "the bucket is open unless its account's block of public access keeps it shut, which was not read" if {
	is_asked
	data.lib.bucket.hides_block(input.resource, input.related.accounts)
	count(exposures) > 0
}

else := true if is_asked

violations contains violation if some violation in exposures
