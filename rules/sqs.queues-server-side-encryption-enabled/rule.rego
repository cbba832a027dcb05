package rules.sqs_queues_server_side_encryption_enabled

has_key if not object.get(input.resource.configuration, "KmsMasterKeyId", "") in {"", null}

# SQS gives its attributes as texts; some readers turn them into booleans.
managed if object.get(input.resource.configuration, "SqsManagedSseEnabled", false) in {true, "true"}

violations contains {"path": path, "message": message, "evidence": {"url": url}} if {
	not has_key
	not managed
	path := "configuration.SqsManagedSseEnabled"
	url := object.get(input.resource.configuration, "QueueUrl", input.resource.resourceId)
	message := sprintf("Queue '%s' encrypts messages neither with a KMS key nor with the keys of SQS.", [input.resource.configuration.QueueArn])
}
