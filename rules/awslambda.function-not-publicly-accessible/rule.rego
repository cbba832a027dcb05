package rules.awslambda_function_not_publicly_accessible

# Conditions on how the function is called, like the kind of its URL, do not say who calls.
owners := {
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
	"aws:sourceorgid", "aws:sourceorgpaths",
}

# Services through which any account can call a function that lets them in.
carriers := {"apigateway.amazonaws.com", "events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com"}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	policy := object.get(input.resource.supplementaryConfiguration, "Policy", null)
	policy != null

	# A policy without statements was not read as one: this breaks off, and is no pass.
	count(object.get(policy, "Statement", null)) > 0
	some place, statement in data.lib.policy.list(policy.Statement)
	some caller in open_callers(statement)
	not is_bound(statement)
	function := data.lib.naming.called(input.resource, "functionName")
	sid := object.get(statement, "Sid", "")
	path := sprintf("supplementaryConfiguration.Policy.Statement[%d]", [place])
	message := sprintf("Statement '%s' in the policy of function '%s' lets %s call it.", [sid, function, caller])
	evidence := {"function": function, "sid": sid, "caller": caller}
}

is_bound(statement) if data.lib.callers.names_one_of(statement, owners)

is_bound(statement) if data.lib.callers.comes_from_known_address(statement)

is_bound(statement) if {
	data.lib.callers.names_one_of(statement, {"aws:sourcearn"})
	not names_pattern(statement)
}

# Anybody can make a bucket whose name matches a pattern.
names_pattern(statement) if {
	some conditions in statement.Condition
	some values in conditions
	some value in data.lib.policy.list(values)
	is_string(value)
	regex.match(`^arn:[^:]*:s3:::.*[*?]`, value)
}

open_callers(statement) := {"anyone"} if data.lib.callers.is_open(statement)

open_callers(statement) := services if {
	not data.lib.callers.is_open(statement)
	services := {sprintf("%s of any account", [service]) | some service in carriers_of(statement)}
}

carriers_of(statement) := found if {
	statement.Effect == "Allow"
	found := {service | some service in data.lib.policy.list(statement.Principal.Service)} & carriers
}
