package rules.ecs_service_no_assign_public_ip

applies if is_object(input.resource.configuration.NetworkConfiguration.AwsvpcConfiguration)

violations contains {"path": path, "message": message, "evidence": evidence} if {
	network := input.resource.configuration.NetworkConfiguration.AwsvpcConfiguration

	# Every network has subnets. One that shows none was not read as AWS Config has it: this breaks off, and is no pass.
	count(object.get(network, "Subnets", null)) > 0

	# ECS gives no public address where nothing is said of it.
	not object.get(network, "AssignPublicIp", "DISABLED") in {"DISABLED", null}
	service := data.lib.naming.called(input.resource, "ServiceName")
	path := "configuration.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp"
	message := sprintf("ECS service '%s' gives its tasks public addresses.", [service])
	lists := [list("subnets", network, "Subnets"), list("securityGroups", network, "SecurityGroups")]
	parts := [part | some part in lists; part != ""]
	text := sprintf("awsvpcConfiguration={%s,assignPublicIp=DISABLED}", [concat(",", parts)])
	evidence := {"service": service, "cluster": cluster, "network": text}
}

default cluster := "default"

cluster := name if {
	name := input.resource.configuration.Cluster
	is_string(name)
}

# A list in the short form of commands; nothing where it is empty.
list(name, network, member) := sprintf("%s=[%s]", [name, concat(",", items)]) if {
	items := [item | some item in object.get(network, member, [])]
	count(items) > 0
}

list(name, network, member) := "" if count([item | some item in object.get(network, member, [])]) == 0
