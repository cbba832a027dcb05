package rules.config_recorder_all_regions_enabled

account := input.resource.configuration

# Only the items of regions say what is recorded there.
is_asked if input.resource.awsRegion != "global"

is_read if {
	is_array(account.configRecorders)
	every recorder in account.configRecorders { is_boolean(recorder.status.recording) }
}

applies := true if {
	is_asked
	is_read
}

# A text is no answer, so that the verdict is unknown.
applies := "the recorders of the region were not read" if {
	is_asked
	not is_read
}

# What is wrong with a recorder.
faults(recorder) := {fault |
	some fault, is_there in {
		"does not run": recorder.status.recording == false,
		"does not record all types": object.get(recorder, ["recordingGroup", "allSupported"], false) != true,
		"failed to deliver": lower(object.get(recorder, ["status", "lastStatus"], "")) == "failure",
	}
	is_there == true
}

is_recorded if {
	some recorder in account.configRecorders
	count(faults(recorder)) == 0
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_recorded
	some place, recorder in account.configRecorders
	name := object.get(recorder, "name", "default")
	path := sprintf("configuration.configRecorders[%d]", [place])
	what := concat(" and ", sort(faults(recorder)))
	message := sprintf("Recorder '%s' of account %s in %s %s.", [name, input.resource.accountId, input.resource.awsRegion, what])
	evidence := {"name": name, "role": object.get(recorder, "roleARN", service_role)}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	account.configRecorders == []
	path := "configuration.configRecorders"
	message := sprintf("Account %s has no recorder in %s.", [input.resource.accountId, input.resource.awsRegion])
	evidence := {"name": "default", "role": service_role}
}

# The role that AWS Config makes for itself.
service_role := sprintf("arn:aws:iam::%s:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig", [input.resource.accountId])
