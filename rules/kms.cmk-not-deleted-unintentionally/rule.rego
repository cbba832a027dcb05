package rules.kms_cmk_not_deleted_unintentionally

key := input.resource.configuration

applies := true if {
	key.keyManager != "AWS"
	is_string(key.keyState)
}

# A text is no answer, so that the verdict is unknown.
applies := "the state of the key was not read" if not is_string(key.keyState)

violations contains {"path": path, "message": message, "evidence": evidence} if {
	key.keyState in {"PendingDeletion", "PendingReplicaDeletion"}
	path := "configuration.keyState"
	at := object.get(key, "deletionDate", null)
	message := sprintf("Key '%s' is scheduled for deletion%s.", [input.resource.resourceId, when(at)])
	evidence := {"keyState": key.keyState, "deletionDate": at}
}

when(at) := sprintf(" at %s", [at]) if is_string(at)

when(at) := "" if not is_string(at)
