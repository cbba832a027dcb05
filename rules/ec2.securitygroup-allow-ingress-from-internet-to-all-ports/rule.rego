package rules.ec2_securitygroup_allow_ingress_from_internet_to_all_ports

# The permissions of a protocol that let a range in that means anyone, with their places.
opened(range, protocol) := [{"place": place, "permission": permission} |
	some place, permission in input.resource.configuration.ipPermissions
	data.lib.ingress.protocol(permission) == protocol
	range in data.lib.ingress.open_ranges(permission)
]

covers(opening, port) if {
	data.lib.ingress.first(opening.permission) <= port
	data.lib.ingress.last(opening.permission) >= port
}

every_port(openings, protocol) if {
	protocol == "-1"
	count(openings) > 0
}

# No port is left out where port 1 is covered, and behind every range that ends the next port is, too. Nothing listens on 0.
every_port(openings, protocol) if {
	protocol != "-1"
	every port in wanted(openings) { is_covered(openings, port) }
}

wanted(openings) := {1} | behind if {
	behind := {port |
		some opening in openings
		port := data.lib.ingress.last(opening.permission) + 1
		port <= 65535
	}
}

is_covered(openings, port) if {
	some opening in openings
	covers(opening, port)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some range in data.lib.network.anyone
	some protocol, named in {"-1": "every protocol", "tcp": "TCP", "udp": "UDP"}
	openings := opened(range, protocol)
	every_port(openings, protocol)
	some opening in openings
	path := sprintf("configuration.ipPermissions[%d]", [opening.place])
	message := sprintf("Security group '%s' lets %s reach every port of %s.", [input.resource.resourceId, range, named])
	evidence := {"range": range, "permissions": data.lib.ingress.request(opening.permission, range)}
}
