# Resource and identity policies. Intake has decoded them: a policy is an object with a Statement.
package lib.policy

# A value as a list.
list(value) := value if is_array(value)

list(value) := [value] if not is_array(value)

statements(policy) := list(policy.Statement)

# The principals of a statement as texts; "*" is anyone.
principals(statement) := {"*"} if statement.Principal == "*"

principals(statement) := {principal |
	is_object(statement.Principal)
	some kind, values in statement.Principal
	some principal in list(values)
}

# Whether anyone is meant.
is_anyone(statement) if "*" in principals(statement)

is_anyone(statement) if "arn:aws:iam::*:root" in principals(statement)

# Condition keys that bind a statement to known callers.
binding := {
	"aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:principalaccount", "aws:principalarn", "aws:principalorgid",
	"aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:userid",
	"kms:calleraccount", "kms:viaservice", "s3:dataaccesspointaccount", "lambda:functionurlauthtype",
}

# Operators that compare for likeness or equality, and not for difference.
binds(operator) if not contains(lower(operator), "not")

# Whether a statement holds for known callers only: one of its conditions names them, without a bare wildcard.
is_bound(statement) if {
	some operator, conditions in object.get(statement, "Condition", {})
	binds(operator)
	not contains(lower(operator), "ifexists")
	some key, values in conditions
	lower(key) in binding
	every value in list(values) { value != "*" }
}

# An address condition binds too, unless it lets in every address.
is_bound(statement) if {
	some operator, conditions in object.get(statement, "Condition", {})
	lower(operator) == "ipaddress"
	some key, values in conditions
	lower(key) == "aws:sourceip"
	every value in list(values) { not value in {"0.0.0.0/0", "::/0"} }
}

# The statements of a policy that let anyone do something.
public_statements(policy) := {statement |
	some statement in statements(policy)
	statement.Effect == "Allow"
	is_anyone(statement)
	not is_bound(statement)
}

# The actions of a statement, in lower case; none where it says NotAction.
actions(statement) := {lower(action) | some action in list(object.get(statement, "Action", []))}

# Whether a statement allows an action, wildcards included. `action` is in lower case.
covers_action(statement, action) if {
	some pattern in actions(statement)
	glob_matches(pattern, action)
}

covers_action(statement, action) if {
	statement.NotAction
	not any_matches({lower(pattern) | some pattern in list(statement.NotAction)}, action)
}

any_matches(patterns, text) if {
	some pattern in patterns
	glob_matches(pattern, text)
}

# IAM's wildcards: * for any text, ? for one character.
glob_matches(pattern, text) if {
	quoted := regex.replace(pattern, `[.+^$()\[\]{}|\\]`, `\$0`)
	expression := replace(replace(quoted, "*", ".*"), "?", ".")
	regex.match(sprintf("^%s$", [expression]), text)
}

# Whether a statement is about every resource.
is_any_resource(statement) if "*" in list(object.get(statement, "Resource", []))
