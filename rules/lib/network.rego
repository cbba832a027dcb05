# Ports and address ranges of security groups and network ACLs.
package lib.network

# The address ranges that mean anyone.
anyone := {"0.0.0.0/0", "::/0"}

# The ranges of a security group's permission that let anyone in.
open_ranges(permission) := ranges if {
	v4 := {range.cidrIp | some range in object.get(permission, "ipv4Ranges", [])}
	v6 := {range.cidrIpv6 | some range in object.get(permission, "ipv6Ranges", [])}
	ranges := (v4 | v6) & anyone
}

# Whether a permission covers a TCP port.
covers_tcp(permission, port) if permission.ipProtocol == "-1"

covers_tcp(permission, port) if {
	permission.ipProtocol in {"tcp", "6"}
	permission.fromPort <= port
	permission.toPort >= port
}

# Whether a permission covers every port there is.
covers_all(permission) if permission.ipProtocol == "-1"

covers_all(permission) if {
	permission.ipProtocol in {"tcp", "6", "udp", "17"}
	permission.fromPort <= 0
	permission.toPort >= 65535
}

# What a command needs to take one range of a permission away.
evidence(permission, range) := {"range": range, "fromPort": from, "toPort": to, "protocol": protocol, "permission": text} if {
	protocol := permission.ipProtocol
	from := object.get(permission, "fromPort", -1)
	to := object.get(permission, "toPort", -1)
	ranges := {true: sprintf("Ipv6Ranges=[{CidrIpv6=%s}]", [range]), false: sprintf("IpRanges=[{CidrIp=%s}]", [range])}
	text := sprintf("IpProtocol=%s,FromPort=%d,ToPort=%d,%s", [protocol, from, to, ranges[contains(range, ":")]])
}
