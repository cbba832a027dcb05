package rules.s3_bucket_object_versioning

is_versioned if input.resource.supplementaryConfiguration.BucketVersioningConfiguration.status == "Enabled"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_versioned
	path := "supplementaryConfiguration.BucketVersioningConfiguration.status"
	message := sprintf("Bucket '%s' does not keep earlier versions of its objects.", [input.resource.resourceId])
	evidence := {"versioned": false}
}
