package rules.cloudtrail_kms_encryption_enabled

# A trail of all regions is shown in each of them, and judged in its own.
applies if not data.lib.trail.is_shadow(input.resource)

trail := input.resource.configuration

is_encrypted if {
	is_string(trail.kmsKeyId)
	trail.kmsKeyId != ""
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_encrypted
	path := "configuration.kmsKeyId"
	message := sprintf("Trail '%s' does not encrypt its log files with a KMS key.", [input.resource.resourceId])
	evidence := {"encrypted": false}
}
