package rules.eks_cluster_not_publicly_accessible

violations contains {"path": path, "message": message, "evidence": evidence} if {
	network := input.resource.configuration.ResourcesVpcConfig
	network.EndpointPublicAccess != false
	ranges := [range | some range in answered(object.get(network, "PublicAccessCidrs", null)); is_wide(range)]
	count(ranges) > 0
	cluster := data.lib.naming.called(input.resource, "Name")
	path := "configuration.ResourcesVpcConfig.PublicAccessCidrs"
	message := sprintf("The API of EKS cluster '%s' answers %s.", [cluster, concat(", ", ranges)])
	evidence := {"cluster": cluster, "ranges": ranges}
}

# An endpoint that names no blocks answers everybody.
answered(ranges) := ["0.0.0.0/0"] if ranges in {null, []}

answered(ranges) := ranges if {
	not ranges in {null, []}
	count(ranges) > 0
}

is_wide(range) if prefix(range) < 8

is_wide(range) if {
	contains(range, ":")
	prefix(range) < 16
}

# What is no block breaks off here, and is no pass.
prefix(range) := digits.number(concat("", array.slice(split(range, "/"), 1, 2)))
