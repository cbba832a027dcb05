package rules.rds_snapshots_public_access

violations contains {"path": path, "message": message, "evidence": evidence} if {
	attributes := input.resource.supplementaryConfiguration.DBSnapshotAttributes

	# What is no list breaks off here, and is no pass.
	count(attributes) > 0
	some place, attribute in attributes
	object.get(attribute, "attributeName", "restore") == "restore"
	"all" in data.lib.policy.list(object.get(attribute, "attributeValues", []))
	snapshot := data.lib.naming.called(input.resource, "dBSnapshotIdentifier")
	path := sprintf("supplementaryConfiguration.DBSnapshotAttributes[%d]", [place])
	message := sprintf("DB snapshot '%s' can be restored by every AWS account.", [snapshot])
	evidence := {"snapshot": snapshot}
}
