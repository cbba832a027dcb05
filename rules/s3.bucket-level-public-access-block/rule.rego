package rules.s3_bucket_level_public_access_block

settings := {"blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets"}

is_on(setting) if input.resource.supplementaryConfiguration.PublicAccessBlockConfiguration[setting] == true

violations contains {"path": path, "message": message, "evidence": evidence} if {
	off := [setting | some setting in settings; not is_on(setting)]
	count(off) > 0
	path := "supplementaryConfiguration.PublicAccessBlockConfiguration"
	said := "Bucket '%s' does not have these settings of Block Public Access on: %s."
	message := sprintf(said, [input.resource.resourceId, concat(", ", off)])
	evidence := {"off": off}
}
