package rules.eks_cluster_uses_a_supported_version

violations contains {"path": path, "message": message, "evidence": evidence} if {
	version := input.resource.configuration.Version
	rank := rank_of(version)
	not is_supported(rank)
	cluster := data.lib.naming.called(input.resource, "Name")
	path := "configuration.Version"
	message := sprintf("EKS cluster '%s' runs Kubernetes %s, which is not in standard support.", [cluster, version])
	next := rank + 1
	evidence := {"cluster": cluster, "version": version, "next": sprintf("%d.%d", [floor(next / 1000), next % 1000])}
}

# Versions leave support in their order.
is_supported(rank) if {
	some version, day in input.params.last_days
	rank_of(version) <= rank
	regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, day)
	substring(input.now, 0, 10) <= day
}

# A version as one number: 1.30 comes after 1.9. What is no version breaks off, and is no pass.
rank_of(version) := (digits.number(parts[0]) * 1000) + digits.number(concat("", array.slice(parts, 1, 2))) if {
	parts := split(version, ".")
}
