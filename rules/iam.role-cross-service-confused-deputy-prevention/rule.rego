package rules.iam_role_cross_service_confused_deputy_prevention

policy := input.resource.configuration.assumeRolePolicyDocument

# A service-linked role belongs to its service and cannot be changed.
is_asked if not startswith(input.resource.configuration.path, "/aws-service-role/")

is_read if data.lib.documents.is_of_resource(policy)

# The services that a statement trusts and that are not ignored.
services(statement) := {service |
	statement.Effect == "Allow"
	some service in data.lib.policy.list(statement.Principal.Service)
	not service in input.params.ignored_services
}

trusted := {service |
	some statement in data.lib.policy.statements(policy)
	some service in services(statement)
}

applies := true if {
	is_asked
	is_read
	count(trusted) > 0
}

# A text is no answer, so that the verdict is unknown.
applies := "the trust policy of the role was not read" if {
	is_asked
	not is_read
}

keys := {"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "sts:externalid"}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, statement in data.lib.policy.statements(policy)
	not data.lib.callers.names_one_of(statement, keys)
	some service in services(statement)
	path := sprintf("configuration.assumeRolePolicyDocument.Statement[%d]", [place])
	called := data.lib.naming.called(input.resource, "roleName")
	message := sprintf("Role '%s' trusts %s without saying for whose resources.", [called, service])
	evidence := {"service": service, "statement": statement}
}
