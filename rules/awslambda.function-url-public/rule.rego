package rules.awslambda_function_url_public

violations contains {"path": path, "message": message, "evidence": evidence} if {
	urls := input.resource.supplementaryConfiguration.FunctionUrlConfigs

	# What is no list breaks off here, and is no pass.
	count(urls) > 0
	some place, url in urls
	object.get(url, "authType", "") != "AWS_IAM"
	function := data.lib.naming.called(input.resource, "functionName")
	address := object.get(url, "functionUrl", "URL")
	path := sprintf("supplementaryConfiguration.FunctionUrlConfigs[%d].authType", [place])
	message := sprintf("Function '%s' answers at %s without asking for a signature.", [function, address])
	evidence := {"function": function, "url": address}
}
