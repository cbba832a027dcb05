package rules.s3_bucket_secure_transport_policy

applies := true if data.lib.bucket.tells_policy(input.resource)

# A text is no answer, so that the verdict is unknown.
else := "the policy of the bucket cannot be read"

bucket := input.resource

partition := split(bucket.arn, ":")[1] if is_string(bucket.arn)

partition := "aws" if not is_string(bucket.arn)

arn := sprintf("arn:%s:s3:::%s", [partition, bucket.resourceId])

# Statements that deny everyone every action without TLS, and ask for nothing else.
denials contains statement if {
	some statement in data.lib.bucket.statements(bucket)
	statement.Effect == "Deny"
	names_all(statement.Principal)
	some action in data.lib.policy.actions(statement)
	action in {"*", "s3:*"}
	is_plain(statement.Condition)
}

names_all(principal) if principal == "*"

names_all(principal) if "*" in data.lib.policy.list(principal.AWS)

# Whether the condition is that the request is not encrypted, and nothing more.
is_plain(condition) if {
	count(condition) == 1
	some operator, asked in condition
	lower(operator) in {"bool", "boolifexists"}
	count(asked) == 1
	some key, values in asked
	lower(key) == "aws:securetransport"
	some value in data.lib.policy.list(values)
	lower(sprintf("%v", [value])) == "false"
}

denied(text) if {
	some statement in denials
	some pattern in data.lib.policy.list(statement.Resource)
	data.lib.policy.glob_matches(pattern, text)
}

# Every object is meant by a pattern that ends in a wildcard, where it matches the beginning that all have.
denied_objects if {
	some statement in denials
	some pattern in data.lib.policy.list(statement.Resource)
	endswith(pattern, "*")
	data.lib.policy.glob_matches(pattern, sprintf("%s/", [arn]))
}

open contains "bucket" if not denied(arn)

open contains "objects" if not denied_objects

violations contains {"path": path, "message": message, "evidence": evidence} if {
	count(open) > 0
	path := "supplementaryConfiguration.BucketPolicy.policyText"
	said := "Bucket '%s' has no policy that denies unencrypted requests to: %s."
	message := sprintf(said, [bucket.resourceId, concat(", ", open)])
	statement := {
		"Sid": "DenyWithoutTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
		"Resource": [arn, sprintf("%s/*", [arn])], "Condition": {"Bool": {"aws:SecureTransport": "false"}},
	}
	evidence := {"open": open, "statement": json.marshal(statement)}
}
