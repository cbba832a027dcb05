# Inbound rules of security groups, as AWS Config writes them now and wrote them once.
package lib.ingress

# A member that is a list; an empty one where it is absent or null.
list(object, name) := found if {
	found := object[name]
	is_array(found)
}

list(object, name) := [] if not is_array(object[name])

# The address ranges of a permission that let anyone in. Items of earlier years have IPv4 ranges as texts only.
open_ranges(permission) := (texts | v4 | v6) & data.lib.network.anyone if {
	texts := {range | some range in list(permission, "ipRanges"); is_string(range)}
	v4 := {range.cidrIp | some range in list(permission, "ipv4Ranges")}
	v6 := {range.cidrIpv6 | some range in list(permission, "ipv6Ranges")}
}

# The protocol by its name; "-1" is all of them.
protocol(permission) := object.get({"6": "tcp", "17": "udp"}, text, text) if text := lower(sprintf("%v", [permission.ipProtocol]))

# The first and the last port. A permission for TCP or UDP that names none is for all.
first(permission) := port if {
	port := permission.fromPort
	is_number(port)
}

first(permission) := 0 if not is_number(permission.fromPort)

last(permission) := permission.toPort if has_last(permission)

last(permission) := 65535 if not has_last(permission)

has_last(permission) if {
	is_number(permission.toPort)
	permission.toPort >= 0
}

# Whether a permission covers a TCP port.
covers_tcp(permission, port) if protocol(permission) == "-1"

covers_tcp(permission, port) if {
	protocol(permission) == "tcp"
	first(permission) <= port
	last(permission) >= port
}

# The ports of a permission as EC2's requests name them; all protocols have none.
ports(permission) := {} if protocol(permission) == "-1"

ports(permission) := {"FromPort": permission.fromPort, "ToPort": permission.toPort} if {
	protocol(permission) != "-1"
	is_number(permission.fromPort)
	is_number(permission.toPort)
}

ports(permission) := {} if {
	protocol(permission) != "-1"
	not is_number(permission.fromPort)
}

# One range of a permission, as the text that commands take.
request(permission, range) := json.marshal([object.union(object.union({"IpProtocol": protocol(permission)}, ports(permission)), ranges)]) if {
	by_kind := {true: {"Ipv6Ranges": [{"CidrIpv6": range}]}, false: {"IpRanges": [{"CidrIp": range}]}}
	ranges := by_kind[contains(range, ":")]
}

# A whole permission, as the text that commands take.
whole_request(permission) := json.marshal([object.union(object.union({"IpProtocol": protocol(permission)}, ports(permission)), kept)]) if {
	v4 := {range.cidrIp | some range in list(permission, "ipv4Ranges")} | {range | some range in list(permission, "ipRanges"); is_string(range)}
	sources := {
		"IpRanges": [{"CidrIp": range} | some range in v4],
		"Ipv6Ranges": [{"CidrIpv6": range.cidrIpv6} | some range in list(permission, "ipv6Ranges")],
		"PrefixListIds": [{"PrefixListId": prefix.prefixListId} | some prefix in list(permission, "prefixListIds")],
		"UserIdGroupPairs": [{"GroupId": pair.groupId} | some pair in list(permission, "userIdGroupPairs")],
	}
	kept := {name: source | some name, source in sources; count(source) > 0}
}
