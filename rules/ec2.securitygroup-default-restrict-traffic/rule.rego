package rules.ec2_securitygroup_default_restrict_traffic

group := input.resource.configuration

# No other group of a VPC can have this name.
applies if group.groupName == "default"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, permission in group.ipPermissions
	path := sprintf("configuration.ipPermissions[%d]", [place])
	message := sprintf("Default security group '%s' has an inbound rule.", [input.resource.resourceId])
	evidence := {"direction": "ingress", "permissions": data.lib.ingress.whole_request(permission)}
}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some place, permission in group.ipPermissionsEgress
	path := sprintf("configuration.ipPermissionsEgress[%d]", [place])
	message := sprintf("Default security group '%s' has an outbound rule.", [input.resource.resourceId])
	evidence := {"direction": "egress", "permissions": data.lib.ingress.whole_request(permission)}
}
