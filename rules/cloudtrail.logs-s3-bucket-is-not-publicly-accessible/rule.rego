package rules.cloudtrail_logs_s3_bucket_is_not_publicly_accessible

# Only buckets that hold a trail's logs.
is_asked if {
	some trail in input.related.trails
	trail.configuration.s3BucketName == input.resource.configuration.name
}

applies := true if {
	is_asked
	data.lib.bucket.tells_all(input.resource)
}

# A text is no answer, so that the verdict is unknown.
applies := "the policy or the access control list of the bucket cannot be read" if {
	is_asked
	not data.lib.bucket.tells_all(input.resource)
}

violations contains violation if {
	some violation in data.lib.bucket.exposures(input.resource, input.related.accounts, "Log bucket")
}
