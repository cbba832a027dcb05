package rules.cloudtrail_multi_region_enabled

# Trails of all regions. Those of another account are that account's.
wide contains trail if {
	some trail in input.related.trails
	trail.accountId == input.resource.accountId
	trail.configuration.isMultiRegionTrail == true
	object.get(trail.configuration, "includeGlobalServiceEvents", true) != false
}

good contains trail if {
	some trail in wide
	trail.supplementaryConfiguration.TrailStatus.isLogging == true
	data.lib.trail.records_management(trail)
}

# Trails that would do, of which it was not read whether they are logging, or what they record.
doubtful contains trail if {
	some trail in wide
	not is_settled(trail)
	not trail in good
}

# One of the items that show a trail is enough to tell that it will not do.
is_settled(trail) if {
	some item in wide
	is_same(item, trail)
	is_off(item)
}

is_settled(trail) if {
	some item in wide
	is_same(item, trail)
	is_blind(item)
}

is_same(item, trail) if item == trail

is_same(item, trail) if item.configuration.trailARN == trail.configuration.trailARN

is_off(trail) if trail.supplementaryConfiguration.TrailStatus.isLogging == false

is_blind(trail) if {
	data.lib.trail.tells_management(trail)
	not data.lib.trail.records_management(trail)
}

is_read if is_object(input.resource.configuration.accountSummary)

is_known if count(good) > 0

is_known if count(doubtful) == 0

# Only one of an account's items is about all regions.
applies := true if {
	input.resource.awsRegion == "global"
	is_read
	is_known
}

# A text is no answer, so that the verdict is unknown.
applies := "the account was not read" if {
	input.resource.awsRegion == "global"
	not is_read
}

applies := "it was not read whether the trails of all regions are logging, or what they record" if {
	input.resource.awsRegion == "global"
	is_read
	not is_known
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	count(good) == 0
	path := "configuration"
	message := sprintf("Account %s has no trail that records management events in every region.", [input.resource.accountId])
	evidence := {"trails": [trail.resourceId | some trail in wide]}
}
