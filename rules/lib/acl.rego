# Network access control lists: their entries are tried by number, and the first that fits decides.
package lib.acl

# The inbound entries that let anyone reach a TCP port, each with its place, its range and how a command names the range.
open_entries(acl, port) := [found |
	some place, entry in acl.entries
	object.get(entry, "egress", false) != true
	object.get(entry, "ruleAction", "allow") != "deny"
	may_cover(entry, port)
	number := object.get(entry, "ruleNumber", 0)
	some family in ["cidrBlock", "ipv6CidrBlock"]
	range := entry[family]
	range in data.lib.network.anyone
	not is_shut_before(acl, number, family, port)
	members := {"cidrBlock": "CidrBlock", "ipv6CidrBlock": "Ipv6CidrBlock"}
	found := {
		"place": place, "number": number, "range": range,
		"input": json.marshal({members[family]: range}), "free": free_before(acl, number, family),
	}
]

# Whether an earlier entry denies the port to everyone.
is_shut_before(acl, number, family, port) if {
	some entry in acl.entries
	entry.egress == false
	entry.ruleAction == "deny"
	is_number(entry.ruleNumber)
	entry.ruleNumber < number
	entry[family] in data.lib.network.anyone
	surely_covers(entry, port)
}

# The protocol's number as a text; "-1" is all of them, as is one that is not told.
protocol(entry) := object.get({"null": "-1"}, text, text) if {
	text := lower(sprintf("%v", [object.get(entry, "protocol", "-1")]))
}

surely_covers(entry, port) if sprintf("%v", [entry.protocol]) == "-1"

surely_covers(entry, port) if {
	protocol(entry) in {"6", "tcp"}
	is_number(entry.portRange.from)
	entry.portRange.from <= port
	entry.portRange.to >= port
}

may_cover(entry, port) if protocol(entry) == "-1"

may_cover(entry, port) if surely_covers(entry, port)

# An entry for TCP that names no ports is taken for one of all, and a range that does not tell an end for one without it.
may_cover(entry, port) if {
	protocol(entry) in {"6", "tcp"}
	not is_object(entry.portRange)
}

may_cover(entry, port) if {
	protocol(entry) in {"6", "tcp"}
	not is_above(entry.portRange, port)
	not is_below(entry.portRange, port)
}

is_above(range, port) if {
	is_number(range.from)
	range.from > port
}

is_below(range, port) if {
	is_number(range.to)
	range.to < port
}

# A number before an entry's that no other has, one for each family; the entry's own where there is none, which EC2 refuses.
free_before(acl, number, family) := max(found) if {
	found := proposed(acl, number, family)
	count(found) > 0
}

else := number

proposed(acl, number, "cidrBlock") := free(acl, number)

proposed(acl, number, "ipv6CidrBlock") := found if {
	all := free(acl, number)
	found := {one | some one in all; one != max(all)}
}

free(acl, number) := found if {
	used := {entry.ruleNumber | some entry in acl.entries; entry.egress == false}
	found := {one |
		some other in used
		other <= number
		some less in [1, 2]
		one := other - less
		one > 0
		not one in used
	}
}
