package rules.vpc_subnet_no_public_ip_by_default

is_off if input.resource.configuration.mapPublicIpOnLaunch == false

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_off
	path := "configuration.mapPublicIpOnLaunch"
	message := sprintf("Subnet '%s' gives a public address to every instance that is launched in it.", [input.resource.resourceId])
	evidence := {"mapPublicIpOnLaunch": true}
}
