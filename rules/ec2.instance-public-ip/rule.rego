package rules.ec2_instance_public_ip

# An instance that has ended answers nobody.
has_ended if input.resource.configuration.state.name in {"shutting-down", "terminated"}

applies if not has_ended

instance := input.resource.configuration

is_address(text) if {
	is_string(text)
	text != ""
}

found contains {"ip": ip, "interface": object.get(interface, "networkInterfaceId", ""), "path": path} if {
	some place, interface in instance.networkInterfaces
	ip := interface.association.publicIp
	is_address(ip)
	path := sprintf("configuration.networkInterfaces[%d].association.publicIp", [place])
}

# Each private address of an interface can have a public one; the first is the one above.
found contains {"ip": ip, "interface": object.get(interface, "networkInterfaceId", ""), "path": path} if {
	some place, interface in instance.networkInterfaces
	some at, address in interface.privateIpAddresses
	ip := address.association.publicIp
	is_address(ip)
	not has_itself(interface, ip)
	path := sprintf("configuration.networkInterfaces[%d].privateIpAddresses[%d].association.publicIp", [place, at])
}

# An address that no interface shows.
found contains {"ip": ip, "interface": "", "path": "configuration.publicIpAddress"} if {
	ip := instance.publicIpAddress
	is_address(ip)
	every interface in instance.networkInterfaces { not shows(interface, ip) }
}

has_itself(interface, ip) if interface.association.publicIp == ip

shows(interface, ip) if has_itself(interface, ip)

shows(interface, ip) if {
	some address in interface.privateIpAddresses
	address.association.publicIp == ip
}

violations contains {"path": one.path, "message": message, "evidence": evidence} if {
	some one in found
	message := sprintf("Instance '%s' has the public address %s.", [input.resource.resourceId, one.ip])
	evidence := {"ip": one.ip, "interface": one.interface}
}
