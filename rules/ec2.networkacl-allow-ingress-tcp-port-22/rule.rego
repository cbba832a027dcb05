package rules.ec2_networkacl_allow_ingress_tcp_port_22

violations contains {"path": path, "message": message, "evidence": evidence} if {
	some evidence in data.lib.acl.open_entries(input.resource.configuration, 22)
	path := sprintf("configuration.entries[%d]", [evidence.place])
	said := "Network ACL '%s' lets %s reach port 22 (SSH) by its entry %d."
	message := sprintf(said, [input.resource.resourceId, evidence.range, evidence.number])
}
