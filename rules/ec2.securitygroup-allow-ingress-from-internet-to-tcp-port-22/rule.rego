package rules.ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, permission in input.resource.configuration.ipPermissions
	data.lib.ingress.covers_tcp(permission, 22)
	some range in data.lib.ingress.open_ranges(permission)
	path := sprintf("configuration.ipPermissions[%d]", [place])
	message := sprintf("Security group '%s' lets %s reach port 22 (SSH).", [input.resource.resourceId, range])
	evidence := {"range": range, "permissions": data.lib.ingress.request(permission, range)}
}
