package rules.cloudtrail_logs_s3_bucket_access_logging_enabled

name := input.resource.configuration.s3BucketName

# The logging of the bucket of that name: names of buckets are used once.
logging contains found if {
	some bucket in input.related.buckets
	bucket.configuration.name == name
	found := bucket.supplementaryConfiguration.BucketLoggingConfiguration
}

# A trail of all regions is shown in each of them, and judged in its own.
is_asked if not data.lib.trail.is_shadow(input.resource)

applies := true if {
	is_asked
	count(logging) > 0
}

# A text is no answer, so that the verdict is unknown.
applies := "the bucket of the trail, or its logging, was not read" if {
	is_asked
	count(logging) == 0
}

is_logged if {
	count(logging) > 0
	every one in logging { goes_to(one.destinationBucketName) }
}

goes_to(destination) if {
	is_string(destination)
	destination != ""
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_logged
	path := "configuration.s3BucketName"
	message := sprintf("Trail '%s' delivers to bucket '%s', which does not log requests.", [input.resource.resourceId, name])
	target := {"TargetBucket": input.params.log_bucket, "TargetPrefix": sprintf("%s/", [name])}
	evidence := {"bucket": name, "status": json.marshal({"LoggingEnabled": target})}
}
