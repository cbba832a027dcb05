package rules.awslambda_function_inside_vpc

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_inside
	function := data.lib.naming.called(input.resource, "functionName")
	path := "configuration.vpcConfig"
	message := sprintf("Function '%s' is attached to no VPC.", [function])
	evidence := {"function": function}
}

is_inside if count(input.resource.configuration.vpcConfig.subnetIds) > 0
