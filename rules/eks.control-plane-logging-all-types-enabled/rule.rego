package rules.eks_control_plane_logging_all_types_enabled

wanted := {"api", "audit", "authenticator", "controllerManager", "scheduler"}

violations contains {"path": path, "message": message, "evidence": evidence} if {
	missing := sort(wanted - sent)
	count(missing) > 0
	cluster := data.lib.naming.called(input.resource, "Name")
	path := "configuration.Logging.ClusterLogging"
	message := sprintf("EKS cluster '%s' does not send these logs: %s.", [cluster, concat(", ", missing)])
	evidence := {"cluster": cluster, "missing": missing}
}

# As AWS Config has them.
sent contains type if {
	some entry in input.resource.configuration.Logging.ClusterLogging.EnabledTypes
	type := entry.Type
}

# As the service and findings have them.
sent contains type if {
	some setting in input.resource.configuration.Logging.ClusterLogging
	setting.Enabled == true
	some type in setting.Types
}
