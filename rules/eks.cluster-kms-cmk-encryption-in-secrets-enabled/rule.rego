package rules.eks_cluster_kms_cmk_encryption_in_secrets_enabled

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not has_key
	cluster := data.lib.naming.called(input.resource, "Name")
	path := "configuration.EncryptionConfig"
	message := sprintf("EKS cluster '%s' keeps its secrets under no KMS key of the account's own.", [cluster])
	evidence := {"cluster": cluster}
}

has_key if {
	is_array(input.resource.configuration.EncryptionConfig)
	some entry in input.resource.configuration.EncryptionConfig
	"secrets" in entry.Resources
	startswith(entry.Provider.KeyArn, "arn:")
}
