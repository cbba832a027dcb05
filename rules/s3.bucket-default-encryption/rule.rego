package rules.s3_bucket_default_encryption

is_encrypted if {
	some rule in input.resource.supplementaryConfiguration.ServerSideEncryptionConfiguration.rules
	rule.applyServerSideEncryptionByDefault.sseAlgorithm in {"AES256", "aws:kms", "aws:kms:dsse"}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_encrypted
	path := "supplementaryConfiguration.ServerSideEncryptionConfiguration"
	message := sprintf("Bucket '%s' has no default encryption.", [input.resource.resourceId])
	evidence := {"encrypted": false}
}
