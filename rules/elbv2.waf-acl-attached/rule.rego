package rules.elbv2_waf_acl_attached

applies if input.resource.configuration.type == "application"

violations contains {"path": path, "message": message, "evidence": {"webAclArn": found}} if {
	found := input.resource.supplementaryConfiguration.WebAclArn
	found in {"", null}
	path := "supplementaryConfiguration.WebAclArn"
	name := object.get(input.resource.configuration, "loadBalancerName", input.resource.resourceId)
	message := sprintf("Load balancer '%s' has no web ACL.", [name])
}
