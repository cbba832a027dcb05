package rules.ec2_instance_imdsv2_enabled

# An instance that has ended answers nobody.
has_ended if input.resource.configuration.state.name in {"shutting-down", "terminated"}

applies if not has_ended

options := input.resource.configuration.metadataOptions

is_guarded if options.httpTokens == "required"

is_guarded if options.httpEndpoint == "disabled"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	not is_guarded
	path := "configuration.metadataOptions.httpTokens"
	message := sprintf("Instance '%s' answers requests for its metadata without a session token.", [input.resource.resourceId])
	evidence := {"httpTokens": options.httpTokens}
}
