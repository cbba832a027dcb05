# Inbound rules of security groups, as AWS Config writes them now and wrote them once.
package lib.ingress

# A member that is a list; an empty one where it is absent or null. Anything else is an error, so that nobody takes it for empty.
list(item, name) := item[name] if is_array(item[name])

else := [] if object.get(item, name, null) == null

else := concat("", item[name])

# The address ranges of a permission that let anyone in. Items of earlier years have IPv4 ranges as texts only.
open_ranges(permission) := (texts | v4 | v6) & data.lib.network.anyone if {
	texts := {text | some range in list(permission, "ipRanges"); text := range_of(range)}
	v4 := {range.cidrIp | some range in list(permission, "ipv4Ranges")}
	v6 := {range.cidrIpv6 | some range in list(permission, "ipv6Ranges")}
}

# An IPv4 range that is a text, or an object as EC2's own answers have it.
range_of(range) := range if is_string(range)

range_of(range) := range.cidrIp if is_object(range)

# The protocol by its name; "-1" is all of them, as is one that is not told.
protocol(permission) := object.get({"6": "tcp", "17": "udp", "null": "-1"}, text, text) if {
	text := lower(sprintf("%v", [object.get(permission, "ipProtocol", "-1")]))
}

# The first and the last port. A permission for TCP or UDP that names none is for all.
first(permission) := permission.fromPort if is_number(permission.fromPort)

else := 0

last(permission) := permission.toPort if {
	is_number(permission.toPort)
	permission.toPort >= 0
}

else := 65535

# The first and the last TCP port that a permission covers; undefined for one of another protocol.
tcp_ports(permission) := [0, 65535] if protocol(permission) == "-1"

else := [first(permission), last(permission)] if protocol(permission) == "tcp"

# Whether a permission covers a TCP port.
covers_tcp(permission, port) if {
	covered := tcp_ports(permission)
	covered[0] <= port
	covered[1] >= port
}

# The ports of a permission as EC2's requests name them; all protocols have none.
ports(permission) := {"FromPort": permission.fromPort, "ToPort": permission.toPort} if {
	is_number(permission.fromPort)
	is_number(permission.toPort)
	protocol(permission) != "-1"
}

else := {}

# One range of a permission, as the text that commands take.
request(permission, range) := text if {
	by_kind := {true: {"Ipv6Ranges": [{"CidrIpv6": range}]}, false: {"IpRanges": [{"CidrIp": range}]}}
	text := written(permission, by_kind[contains(range, ":")])
}

# A whole permission, as the text that commands take.
whole_request(permission) := text if {
	texts := {range | some range in list(permission, "ipRanges"); is_string(range)}
	v4 := texts | {range.cidrIp | some range in list(permission, "ipv4Ranges")}
	sources := {
		"IpRanges": [{"CidrIp": range} | some range in v4],
		"Ipv6Ranges": [{"CidrIpv6": range.cidrIpv6} | some range in list(permission, "ipv6Ranges")],
		"PrefixListIds": [{"PrefixListId": prefix.prefixListId} | some prefix in list(permission, "prefixListIds")],
		"UserIdGroupPairs": [{"GroupId": pair.groupId} | some pair in list(permission, "userIdGroupPairs")],
	}
	text := written(permission, {name: source | some name, source in sources; count(source) > 0})
}

written(permission, sources) := text if {
	base := object.union({"IpProtocol": protocol(permission)}, ports(permission))
	text := json.marshal([object.union(base, sources)])
}
