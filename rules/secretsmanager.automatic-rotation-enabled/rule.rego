package rules.secretsmanager_automatic_rotation_enabled

secret := input.resource.configuration

# Config says it in either place, or in both.
said contains enabled if {
	enabled := secret.RotationEnabled
	is_boolean(enabled)
}

said contains enabled if {
	enabled := input.resource.supplementaryConfiguration.RotationEnabled
	is_boolean(enabled)
}

is_asked if not secret.Deleted == true

applies := true if {
	is_asked
	count(said) > 0
}

# A text is no answer, so that the verdict is unknown.
applies := "whether the secret is rotated was not read" if {
	is_asked
	count(said) == 0
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	false in said
	path := "configuration.RotationEnabled"
	called := data.lib.naming.called(input.resource, "Name")
	message := sprintf("Secret '%s' is not rotated automatically.", [called])
	evidence := {"RotationEnabled": false}
}
