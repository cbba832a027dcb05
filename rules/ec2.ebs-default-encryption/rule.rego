package rules.ec2_ebs_default_encryption

account := input.resource.configuration

# The setting is the region's; an account's global item is not about it.
applies := true if {
	input.resource.awsRegion != "global"
	is_boolean(account.ebsEncryptionByDefault)
}

# A text is no answer, so that the verdict is unknown.
applies := "the region's default encryption of EBS was not read" if {
	input.resource.awsRegion != "global"
	not is_boolean(account.ebsEncryptionByDefault)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.ebsEncryptionByDefault == false
	path := "configuration.ebsEncryptionByDefault"
	message := sprintf("Account %s does not encrypt new EBS volumes in %s.", [input.resource.accountId, input.resource.awsRegion])
	evidence := {"encrypted": false}
}
