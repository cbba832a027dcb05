package rules.cloudfront_distributions_using_waf

violations contains {"path": path, "message": message, "evidence": {"webACLId": found}} if {
	found := object.get(input.resource.configuration.distributionConfig, "webACLId", "")
	found in {"", null}
	path := "configuration.distributionConfig.webACLId"
	message := sprintf("Distribution '%s' has no web ACL.", [input.resource.resourceId])
}
