package rules.kms_key_not_publicly_accessible

policy := input.resource.supplementaryConfiguration.Policy

is_asked if input.resource.configuration.keyManager != "AWS"

is_read if data.lib.documents.is_of_resource(policy)

applies := true if {
	is_asked
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the policy of the key was not read" if {
	is_asked
	not is_read
}

# What says whose a caller is. kms:ViaService is not among them: the service calls for strangers, too.
keys := {
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
	"aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce", "aws:userid",
	"kms:calleraccount",
}

is_bound(statement) if data.lib.callers.names_one_of(statement, keys)

is_bound(statement) if data.lib.callers.comes_from_known_address(statement)

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, statement in data.lib.policy.statements(policy)
	data.lib.callers.is_open(statement)
	not is_bound(statement)
	path := sprintf("supplementaryConfiguration.Policy.Statement[%d]", [place])
	message := sprintf("The policy of key '%s' lets anyone in (statement %d).", [input.resource.resourceId, place + 1])
	evidence := {"statement": statement}
}
