package rules.elbv2_insecure_ssl_ciphers

speaks_tls(listener) if listener.configuration.Protocol in {"HTTPS", "TLS"}

applies if {
	some listener in input.related.listeners
	speaks_tls(listener)
}

# Policies of before TLS 1.3 that begin at TLS 1.2.
older := {
	"ELBSecurityPolicy-FS-1-2-2019-08",
	"ELBSecurityPolicy-FS-1-2-Res-2019-08",
	"ELBSecurityPolicy-FS-1-2-Res-2020-10",
	"ELBSecurityPolicy-TLS-1-2-2017-01",
	"ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
}

# Later ones say by their names with which version they begin: TLS13-1-0, TLS13-1-1, TLS13-1-2, TLS13-1-3.
is_modern(policy) if policy in older

is_modern(policy) if regex.match(`^ELBSecurityPolicy-TLS13-1-[23]-`, policy)

violations contains {"path": path, "message": message, "evidence": {"listener": arn, "port": port, "policy": policy}} if {
	some listener in input.related.listeners
	speaks_tls(listener)
	policy := object.get(listener.configuration, "SslPolicy", "none")
	not is_modern(policy)
	path := "configuration.loadBalancerArn"
	arn := object.get(listener.configuration, "ListenerArn", listener.resourceId)
	port := object.get(listener.configuration, "Port", 0)
	name := object.get(input.resource.configuration, "loadBalancerName", input.resource.resourceId)
	message := sprintf("Load balancer '%s' accepts versions of TLS before 1.2 on port %d (policy %s).", [name, port, policy])
}
