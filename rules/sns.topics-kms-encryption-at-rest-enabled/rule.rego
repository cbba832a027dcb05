package rules.sns_topics_kms_encryption_at_rest_enabled

violations contains {"path": path, "message": message, "evidence": {"topic": topic}} if {
	object.get(input.resource.configuration, "KmsMasterKeyId", "") in {"", null}
	path := "configuration.KmsMasterKeyId"
	topic := input.resource.configuration.TopicArn
	message := sprintf("Topic '%s' has no KMS key, so its messages are not encrypted with one.", [topic])
}
