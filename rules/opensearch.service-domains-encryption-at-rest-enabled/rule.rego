package rules.opensearch_service_domains_encryption_at_rest_enabled

violations contains {"path": path, "message": message, "evidence": {"enabled": found}} if {
	found := input.resource.configuration.EncryptionAtRestOptions.Enabled
	found != true
	path := "configuration.EncryptionAtRestOptions.Enabled"
	message := sprintf("Domain '%s' does not encrypt its data at rest.", [input.resource.configuration.DomainName])
}
