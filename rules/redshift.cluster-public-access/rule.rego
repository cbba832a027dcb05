package rules.redshift_cluster_public_access

violations contains {"path": path, "message": message, "evidence": {"publiclyAccessible": found, "address": address}} if {
	found := input.resource.configuration.publiclyAccessible
	found != false
	path := "configuration.publiclyAccessible"
	address := object.get(input.resource.configuration, ["endpoint", "address"], null)
	message := sprintf("Cluster '%s' has an address that the internet can reach.", [input.resource.configuration.clusterIdentifier])
}
