package rules.sns_topics_not_publicly_accessible

violations contains {"path": path, "message": message, "evidence": {"statements": open, "policy": closed}} if {
	policy := input.resource.configuration.Policy
	open := data.lib.messaging.open_statements(policy)
	count(open) > 0
	path := "configuration.Policy.Statement"
	topic := input.resource.configuration.TopicArn
	closed := data.lib.messaging.closed(policy, input.resource.accountId)
	message := sprintf("Topic '%s' lets anyone in by its policy (statement %s).", [topic, concat(", ", open)])
}
