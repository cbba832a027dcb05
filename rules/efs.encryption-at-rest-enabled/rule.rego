package rules.efs_encryption_at_rest_enabled

violations contains {"path": path, "message": message, "evidence": evidence} if {
	input.resource.configuration.Encrypted != true
	path := "configuration.Encrypted"
	message := sprintf("File system '%s' is not encrypted at rest.", [input.resource.resourceId])
	evidence := {"Encrypted": input.resource.configuration.Encrypted}
}
