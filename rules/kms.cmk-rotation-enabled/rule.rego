package rules.kms_cmk_rotation_enabled

key := input.resource.configuration

rotation := input.resource.supplementaryConfiguration.KeyRotationStatus

# Keys that encrypt symmetrically have this spec, under the one name or the older one.
is_other_spec if key.keySpec != "SYMMETRIC_DEFAULT"

is_other_spec if key.customerMasterKeySpec != "SYMMETRIC_DEFAULT"

# A replica is rotated with its primary, which is judged where it is.
is_replica if key.multiRegionConfiguration.multiRegionKeyType == "REPLICA"

is_asked if {
	key.keyManager != "AWS"
	not key.keyState in {"Disabled", "PendingDeletion", "PendingReplicaDeletion", "PendingImport"}
	not key.origin in {"EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}
	not is_other_spec
	not is_replica
}

applies := true if {
	is_asked
	is_boolean(rotation)
}

# A text is no answer, so that the verdict is unknown.
applies := "whether the key is rotated was not read" if {
	is_asked
	not is_boolean(rotation)
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	rotation == false
	path := "supplementaryConfiguration.KeyRotationStatus"
	message := sprintf("Key '%s' is not rotated.", [input.resource.resourceId])
	evidence := {"KeyRotationStatus": false}
}
