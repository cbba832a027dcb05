# Resource and identity policies. Intake has decoded them: a policy is an object with a Statement.
package lib.policy

# A value as a list.
list(value) := value if is_array(value)

else := [value]

statements(policy) := list(policy.Statement)

# The actions of a statement, in lower case; none where it says NotAction.
actions(statement) := {lower(action) | some action in list(object.get(statement, "Action", []))}

# IAM's wildcards: * for any text, ? for one character.
glob_matches(pattern, text) if regex.match(expression(pattern), text)

# A pattern as a regular expression.
expression(pattern) := concat("", ["^", replace(replace(quoted, "*", ".*"), "?", "."), "$"]) if {
	quoted := regex.replace(pattern, `[.+^$()\[\]{}|\\]`, `\$0`)
}
