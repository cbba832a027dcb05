package rules.sqs_queues_not_publicly_accessible

violations contains {"path": path, "message": message, "evidence": evidence} if {
	policy := object.get(input.resource.configuration, "Policy", null)
	not policy in {null, ""}
	open := data.lib.messaging.open_statements(policy)
	count(open) > 0
	path := "configuration.Policy.Statement"
	queue := input.resource.configuration.QueueArn
	url := object.get(input.resource.configuration, "QueueUrl", input.resource.resourceId)
	attributes := json.marshal({"Policy": data.lib.messaging.closed(policy, input.resource.accountId)})
	evidence := {"statements": open, "url": url, "attributes": attributes}
	message := sprintf("Queue '%s' lets anyone in by its policy (statement %s).", [queue, concat(", ", open)])
}
