package rules.s3_bucket_no_mfa_delete

versioning := input.resource.supplementaryConfiguration.BucketVersioningConfiguration

is_protected if {
	versioning.status == "Enabled"
	versioning.isMfaDeleteEnabled == true
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_protected
	path := "supplementaryConfiguration.BucketVersioningConfiguration.isMfaDeleteEnabled"
	message := sprintf("Bucket '%s' lets versions of objects be deleted without a second factor.", [input.resource.resourceId])
	evidence := {"protected": false}
}
