package rules.s3_account_level_public_access_blocks

account := input.resource.configuration

is_read if account.publicAccessBlock == null

is_read if is_object(account.publicAccessBlock)

# Only one of an account's items is about its block.
applies := true if {
	input.resource.awsRegion == "global"
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the account's Block Public Access was not read" if {
	input.resource.awsRegion == "global"
	not is_read
}

settings := {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}

is_on(setting) if account.publicAccessBlock[setting] == true

violations contains {"path": path, "message": message, "evidence": evidence} if {
	off := [setting | some setting in settings; not is_on(setting)]
	count(off) > 0
	path := "configuration.publicAccessBlock"
	said := "Account %s does not have these settings of S3 Block Public Access on: %s."
	message := sprintf(said, [input.resource.accountId, concat(", ", off)])
	evidence := {"off": off}
}
