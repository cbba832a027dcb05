package rules.guardduty_is_enabled

account := input.resource.configuration

# Only the items of regions say what watches there.
applies := true if {
	input.resource.awsRegion != "global"
	is_array(account.guardDutyDetectors)
}

# A text is no answer, so that the verdict is unknown.
applies := "the detectors of the region were not read" if {
	input.resource.awsRegion != "global"
	not is_array(account.guardDutyDetectors)
}

is_watched if {
	some detector in account.guardDutyDetectors
	detector.status == "ENABLED"
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_watched
	path := "configuration.guardDutyDetectors"
	message := sprintf("Account %s has no enabled GuardDuty detector in %s.", [input.resource.accountId, input.resource.awsRegion])
	evidence := {"detectors": account.guardDutyDetectors}
}
