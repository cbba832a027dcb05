# Whom the policies of resources let in, and what their conditions bind them to.
package lib.callers

# Whether a statement allows something to anyone. Everyone but a few is anyone, too.
is_open(statement) if {
	statement.Effect == "Allow"
	means_anyone(statement)
}

means_anyone(statement) if statement.Principal == "*"

means_anyone(statement) if {
	is_object(statement.Principal)
	some _, principals in statement.Principal
	"*" in data.lib.policy.list(principals)
}

means_anyone(statement) if statement.NotPrincipal

# Operators that hold only where the key is there and has one of the values.
asks := {
	"arnequals", "arnlike", "stringequals", "stringequalsignorecase", "stringlike", "foranyvalue:arnequals",
	"foranyvalue:arnlike", "foranyvalue:stringequals", "foranyvalue:stringequalsignorecase", "foranyvalue:stringlike",
}

# Whether a statement holds only where one of some condition keys, in lower case, has a value that says whose it is.
names_one_of(statement, keys) if {
	some operator, conditions in statement.Condition
	lower(operator) in asks
	some key, values in conditions
	lower(key) in keys
	count(data.lib.policy.list(values)) > 0
	every value in data.lib.policy.list(values) { says_whose(lower(key), value) }
}

# Whether a statement holds only for callers from some addresses. A block as wide as a 256th of all is not some.
comes_from_known_address(statement) if {
	some operator, conditions in statement.Condition
	lower(operator) == "ipaddress"
	some key, values in conditions
	lower(key) == "aws:sourceip"
	count(data.lib.policy.list(values)) > 0
	every value in data.lib.policy.list(values) { not regex.match(`/[0-8]$|^::/`, value) }
}

# Keys whose values are ARNs.
arn_keys := {"aws:sourcearn", "aws:principalarn"}

# What begins like many is anybody's: o-* means every organization there is.
says_whose(key, value) if {
	not key in arn_keys
	not contains(value, "${")
	regex.match(`^([^*?]+|[^*?]{6,}[*?].*)$`, value)
}

# The organization or account of the resource itself.
says_whose(key, value) if {
	not key in arn_keys
	lower(value) in {"${aws:resourceorgid}", "${aws:resourceaccount}"}
}

says_whose(key, value) if {
	key in arn_keys
	regex.match(`^[0-9]{12}$`, split(value, ":")[4])
}

# Names of buckets are nobody else's, and their ARNs name no account.
says_whose(key, value) if {
	key in arn_keys
	regex.match(`^arn:[^:]+:s3:::[^*?]{3}`, value)
}
