package rules.ec2_ami_public

is_private if input.resource.configuration.public == false

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_private
	path := "configuration.public"
	message := sprintf("Image '%s' is shared with everyone.", [input.resource.resourceId])
	evidence := {"public": true}
}
