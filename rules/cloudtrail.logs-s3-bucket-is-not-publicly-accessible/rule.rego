package rules.cloudtrail_logs_s3_bucket_is_not_publicly_accessible

# Only buckets that hold a trail's logs.
applies if {
	some trail in input.related.trails
	trail.configuration.s3BucketName == input.resource.configuration.name
}

violations contains violation if {
	some violation in data.lib.bucket.exposures(input.resource, input.related.accounts, "Log bucket")
}
