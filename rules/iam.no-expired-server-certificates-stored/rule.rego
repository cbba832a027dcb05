package rules.iam_no_expired_server_certificates_stored

expiration := input.resource.supplementaryConfiguration.Expiration

applies := true if data.lib.days.is_instant(expiration)

# A text is no answer, so that the verdict is unknown.
else := "when the certificate expires was not read"

violations contains {"path": path, "message": message, "evidence": evidence} if {
	time.parse_rfc3339_ns(expiration) <= time.parse_rfc3339_ns(input.now)
	path := "supplementaryConfiguration.Expiration"
	called := data.lib.naming.called(input.resource, "ServerCertificateName")
	message := sprintf("Server certificate '%s' expired at %s.", [called, expiration])
	evidence := {"certificate": called, "expiration": expiration}
}
