package rules.ec2_securitygroup_allow_ingress_from_internet_to_high_risk_tcp_ports

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, permission in input.resource.configuration.ipPermissions
	covered := data.lib.ingress.tcp_ports(permission)
	ports := [port | some port in input.params.ports; covered[0] <= port; port <= covered[1]]
	count(ports) > 0
	some range in data.lib.ingress.open_ranges(permission)
	named := concat(", ", [sprintf("%d", [port]) | some port in ports])
	path := sprintf("configuration.ipPermissions[%d]", [place])
	said := "Security group '%s' lets %s reach ports that are often attacked: %s."
	message := sprintf(said, [input.resource.resourceId, range, named])
	evidence := {"range": range, "ports": ports, "permissions": data.lib.ingress.request(permission, range)}
}
