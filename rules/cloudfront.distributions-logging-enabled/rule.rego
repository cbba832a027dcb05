package rules.cloudfront_distributions_logging_enabled

configuration := input.resource.configuration.distributionConfig

logs_in_real_time(behavior) if not object.get(behavior, "realtimeLogConfigArn", "") in {"", null}

# Every behavior must be known: the default, and as many as were counted.
all_in_real_time if {
	logs_in_real_time(configuration.defaultCacheBehavior)
	behaviors := object.get(configuration.cacheBehaviors, "items", [])
	count(behaviors) == configuration.cacheBehaviors.quantity
	every behavior in behaviors { logs_in_real_time(behavior) }
}

violations contains {"path": path, "message": message, "evidence": {"enabled": found}} if {
	found := configuration.logging.enabled
	found != true
	not all_in_real_time
	path := "configuration.distributionConfig.logging.enabled"
	message := sprintf("Distribution '%s' writes no logs of its requests.", [input.resource.resourceId])
}
