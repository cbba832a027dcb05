package rules.kms_cmk_not_deleted_unintentionally

key := input.resource.configuration

leaving := {"PendingDeletion", "PendingReplicaDeletion"}

staying := {"Creating", "Disabled", "Enabled", "PendingImport", "Unavailable", "Updating"}

applies := true if {
	key.keyManager != "AWS"
	key.keyState in (leaving | staying)
}

# A text is no answer, so that the verdict is unknown.
applies := "the key has no state that is known" if {
	key.keyManager != "AWS"
	not key.keyState in (leaving | staying)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	key.keyState in leaving
	path := "configuration.keyState"
	at := object.get(key, "deletionDate", null)
	message := sprintf("Key '%s' is scheduled for deletion%s.", [input.resource.resourceId, when(at)])
	evidence := {"keyState": key.keyState, "deletionDate": at}
}

when(at) := sprintf(" at %s", [at]) if is_string(at)

when(at) := "" if not is_string(at)
