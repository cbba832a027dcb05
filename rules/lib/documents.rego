# Whether policy documents were read whole. What has another form than AWS has says nothing; it does not allow nothing.
package lib.documents

# A policy of a user, group or role.
is_of_identity(policy) if {
	is_document(policy)
	every statement in data.lib.policy.list(policy.Statement) { says_one_of(statement, ["Resource", "NotResource"]) }
}

# A policy of a resource, or of whom a role trusts.
is_of_resource(policy) if {
	is_document(policy)
	every statement in data.lib.policy.list(policy.Statement) { means_somebody(statement) }
}

is_document(policy) if {
	is_object(policy)
	every statement in data.lib.policy.list(policy.Statement) {
		is_object(statement)
		statement.Effect in {"Allow", "Deny"}
		says_one_of(statement, ["Action", "NotAction"])
	}
}

says_one_of(statement, members) if {
	some member in members
	is_texts(statement[member])
}

is_texts(value) if is_string(value)

is_texts(value) if {
	is_array(value)
	every text in value { is_string(text) }
}

means_somebody(statement) if statement.Principal == "*"

means_somebody(statement) if is_object(statement.Principal)

means_somebody(statement) if is_object(statement.NotPrincipal)

means_somebody(statement) if statement.NotPrincipal == "*"
