package rules.ec2_ebs_public_snapshot

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, permission in input.resource.configuration.createVolumePermissions
	permission.group == "all"
	path := sprintf("configuration.createVolumePermissions[%d]", [place])
	message := sprintf("Snapshot '%s' is shared with everyone.", [input.resource.resourceId])
	evidence := {"group": permission.group}
}
