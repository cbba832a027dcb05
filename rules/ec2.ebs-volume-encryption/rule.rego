package rules.ec2_ebs_volume_encryption

is_encrypted if input.resource.configuration.encrypted == true

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_encrypted
	path := "configuration.encrypted"
	message := sprintf("Volume '%s' is not encrypted.", [input.resource.resourceId])
	evidence := {"encrypted": false}
}
