package rules.ec2_securitygroup_allow_ingress_from_internet_to_all_ports

# The permissions that let a range in that means anyone, one for each such range.
openings := [opening |
	some place, permission in input.resource.configuration.ipPermissions
	some range in data.lib.ingress.open_ranges(permission)
	opening := {
		"place": place, "permission": permission, "range": range, "protocol": data.lib.ingress.protocol(permission),
		"first": data.lib.ingress.first(permission), "last": data.lib.ingress.last(permission),
	}
]

every_port(alike, protocol) if {
	protocol == "-1"
	count(alike) > 0
}

# No port is left out where port 1 is covered, and behind every range that ends the next port is, too. Nothing listens on 0.
every_port(alike, protocol) if {
	protocol != "-1"
	every port in wanted(alike) { is_covered(alike, port) }
}

wanted(alike) := {1} | behind if {
	behind := {port |
		some opening in alike
		port := opening.last + 1
		port <= 65535
	}
}

is_covered(alike, port) if {
	some opening in alike
	opening.first <= port
	opening.last >= port
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some range in {opening.range | some opening in openings}
	some protocol, named in {"-1": "every protocol", "tcp": "TCP", "udp": "UDP"}
	alike := [opening | some opening in openings; opening.range == range; opening.protocol == protocol]
	every_port(alike, protocol)
	some opening in alike
	path := sprintf("configuration.ipPermissions[%d]", [opening.place])
	message := sprintf("Security group '%s' lets %s reach every port of %s.", [input.resource.resourceId, range, named])
	evidence := {"range": range, "permissions": data.lib.ingress.request(opening.permission, range)}
}
