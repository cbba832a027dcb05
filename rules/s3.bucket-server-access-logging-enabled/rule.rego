package rules.s3_bucket_server_access_logging_enabled

is_logged if {
	destination := input.resource.supplementaryConfiguration.BucketLoggingConfiguration.destinationBucketName
	is_string(destination)
	destination != ""
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_logged
	path := "supplementaryConfiguration.BucketLoggingConfiguration.destinationBucketName"
	message := sprintf("Bucket '%s' does not log requests.", [input.resource.resourceId])
	target := {"TargetBucket": input.params.log_bucket, "TargetPrefix": sprintf("%s/", [input.resource.resourceId])}
	evidence := {"status": json.marshal({"LoggingEnabled": target})}
}
