# Whom the policies of topics and queues let in.
package lib.messaging

# What the statements that let in anyone are called; those without a name by their places, counted from 1.
open_statements(policy) := [name |
	some place, statement in statements(policy)
	is_open(statement)
	name := object.get(statement, "Sid", sprintf("%d", [place + 1]))
]

# The policy as text, with an account in place of anyone.
closed(policy, account) := json.marshal(object.union(policy, {"Statement": all})) if {
	all := [statement | some each in statements(policy); statement := restricted(each, account)]
}

restricted(statement, account) := object.union(kept, {"Principal": principal}) if {
	is_open(statement)
	kept := object.remove(statement, ["Principal", "NotPrincipal"])
	principal := object.union(known_others(statement), {"AWS": array.concat(known_accounts(statement), [account])})
}

else := statement

known_accounts(statement) := [value |
	is_object(statement.Principal)
	some value in data.lib.policy.list(object.get(statement.Principal, "AWS", []))
	not contains(value, "*")
]

known_others(statement) := {kind: values |
	is_object(statement.Principal)
	some kind, values in statement.Principal
	kind != "AWS"
	not "*" in data.lib.policy.list(values)
}

# A policy that is no object is an error here, so that a text that was not decoded does not pass for an empty policy.
statements(policy) := data.lib.policy.list(object.get(policy, "Statement", []))

# Whether a statement lets in anyone: whoever may ask, with nothing that says whose the caller must be. One that is no object
# is an error, too.
is_open(statement) if {
	object.get(statement, "Effect", "Allow") != "Deny"
	means_anyone(statement)
	not names_callers(statement)
}

means_anyone(statement) if "*" in data.lib.policy.list(statement.Principal)

means_anyone(statement) if {
	is_object(statement.Principal)
	some _, values in statement.Principal
	some value in data.lib.policy.list(values)
	contains(value, "*")
}

# Everyone but a few is anyone, too.
means_anyone(statement) if statement.NotPrincipal

# Operators that do not hold where the request lacks the key. ForAllValues and IfExists do hold there, Null asks for no value.
equalities := {"arnequals", "arnlike", "stringequals", "stringequalsignorecase", "stringlike"}

names_callers(statement) if {
	some operator, conditions in statement.Condition
	trim_prefix(lower(operator), "foranyvalue:") in equalities
	some key, values in conditions
	list := data.lib.policy.list(values)
	count(list) > 0
	every value in list {
		value != null
		is_known(lower(key), sprintf("%v", [value]))
	}
}

# Addresses bind as well, but not blocks as wide as a 128th of all there are.
names_callers(statement) if {
	some operator, conditions in statement.Condition
	trim_prefix(lower(operator), "foranyvalue:") == "ipaddress"
	some key, values in conditions
	lower(key) == "aws:sourceip"
	list := data.lib.policy.list(values)
	count(list) > 0
	every value in list { not regex.match(`/[0-7]$`, value) }
}

# Keys that say whose a caller is, or from whose network.
callers := {
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount", "aws:sourcearn",
	"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid",
}

is_known(key, value) if {
	key in callers
	regex.match(`^[^*?$]+$`, value)
}

# Variables are whatever the caller brings along, but for those that are about the topic or queue itself.
is_known(key, value) if {
	key in callers
	lower(value) in {"${aws:resourceaccount}", "${aws:resourceorgid}"}
}

# An ARN may have wildcards where its account is given,
is_known(key, value) if {
	key in {"aws:principalarn", "aws:sourcearn"}
	regex.match(`^[0-9]{12}$`, split(value, ":")[4])
}

# and where it names a bucket, of which there is one in the world.
is_known("aws:sourcearn", value) if regex.match(`^arn:[^:]+:s3:[^:]*:[^:]*:[^*?:]+$`, value)

is_known(key, value) if {
	key in {"aws:principalorgpaths", "aws:sourceorgpaths"}
	regex.match(`^o-[a-z0-9]+/`, value)
}

# The sessions of one role or user.
is_known("aws:userid", value) if regex.match(`^[A-Z0-9]+:`, value)
