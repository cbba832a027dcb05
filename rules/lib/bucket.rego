# Who reaches an S3 bucket: its policy, its access control list, and the blocks of it and of its account.
package lib.bucket

# Whether it is told what the policy is: null where there is none. AWS Config writes it as a text, which is decoded before.
tells_policy(bucket) if bucket.supplementaryConfiguration.BucketPolicy.policyText == null

tells_policy(bucket) if {
	statements := bucket.supplementaryConfiguration.BucketPolicy.policyText.Statement
	every statement in data.lib.policy.list(statements) { is_whole(statement) }
}

# Whether a statement has the members that every statement of a bucket's policy has.
is_whole(statement) if {
	statement.Effect in {"Allow", "Deny"}
	has_one(statement, ["Principal", "NotPrincipal"])
	has_one(statement, ["Action", "NotAction"])
}

has_one(statement, names) if {
	some name in names
	object.get(statement, name, null) != null
}

# The statements of the policy.
statements(bucket) := [] if bucket.supplementaryConfiguration.BucketPolicy.policyText == null

statements(bucket) := data.lib.policy.statements(bucket.supplementaryConfiguration.BucketPolicy.policyText) if {
	bucket.supplementaryConfiguration.BucketPolicy.policyText != null
}

# Whether a statement lets anyone do something. NotPrincipal means all but a few.
is_public(statement) if {
	statement.Effect == "Allow"
	means_anyone(statement)
	not is_bound(statement)
}

means_anyone(statement) if statement.Principal == "*"

means_anyone(statement) if {
	is_object(statement.Principal)
	some principals in statement.Principal
	"*" in data.lib.policy.list(principals)
}

means_anyone(statement) if statement.NotPrincipal

# Condition keys whose values S3 fills in and callers cannot choose.
keys := {
	"aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount", "aws:sourcearn",
	"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid",
	"s3:dataaccesspointaccount", "s3:dataaccesspointarn",
}

# Operators that do not hold where the key is absent. Null, ForAllValues and …IfExists do.
operators := {
	"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "foranyvalue:stringequals",
	"foranyvalue:stringequalsignorecase", "foranyvalue:stringlike", "foranyvalue:arnequals", "foranyvalue:arnlike",
}

# Whether the conditions leave only callers that are known: accounts, organizations, networks.
is_bound(statement) if {
	some operator, conditions in object.get(statement, "Condition", {})
	lower(operator) in operators
	some key, values in conditions
	lower(key) in keys
	every value in data.lib.policy.list(values) { is_fixed(value) }
}

is_bound(statement) if {
	some operator, conditions in object.get(statement, "Condition", {})
	lower(operator) == "ipaddress"
	some key, values in conditions
	lower(key) == "aws:sourceip"
	every value in data.lib.policy.list(values) { is_narrow(value) }
}

# Whether a value names somebody: no wildcard and no variable in it, or only behind what already names them.
is_fixed(value) if is_number(value)

is_fixed(value) if {
	is_string(value)
	not regex.match(`[*?]|\$\{`, value)
}

# ARNs with an account, role sessions, and parts of an organization.
is_fixed(value) if {
	is_string(value)
	not contains(value, "${")
	regex.match(`^(arn:[a-z-]+:[a-z0-9-]+:[a-z0-9*-]*:[0-9]{12}:.+|A[A-Z0-9]{15,}:.*|o-[a-z0-9]{10,32}/.*)$`, value)
}

# Whether a range of addresses is one that S3 does not take for public: at least 8 bits are fixed, of IPv6 at least 32.
is_narrow(range) if not contains(range, "/")

is_narrow(range) if {
	not contains(range, ":")
	digits.number(split(range, "/")[1]) >= 8
}

is_narrow(range) if {
	contains(range, ":")
	digits.number(split(range, "/")[1]) >= 32
}

# Whether a statement allows more than reading.
writes(statement) if statement.NotAction

writes(statement) if {
	some action in data.lib.policy.actions(statement)
	not regex.match(`^s3:(get|list|head|describe)`, action)
}

# Whether the bucket's own block, or its account's, has a setting that is on.
is_blocked(bucket, accounts, setting) if bucket.supplementaryConfiguration.PublicAccessBlockConfiguration[setting] == true

is_blocked(bucket, accounts, setting) if {
	some account in accounts
	account.accountId == bucket.accountId
	block := account.configuration.publicAccessBlock
	is_object(block)
	some name, value in block
	lower(name) == lower(setting)
	value == true
}

# Whether it was not read what the bucket's account blocks. Where it blocks nothing, null says so.
hides_block(bucket, accounts) if {
	some account in accounts
	account.accountId == bucket.accountId
	account.awsRegion == "global"
	not "publicAccessBlock" in object.keys(account.configuration)
}

# The statements of the policy that let anyone in, with their places; none where S3 restricts public policies.
public_statements(bucket, accounts) := {{"place": place, "statement": statement} |
	not is_blocked(bucket, accounts, "restrictPublicBuckets")
	some place, statement in statements(bucket)
	is_public(statement)
}

# The grants of the access control list, as AWS Config writes them: in one of two lists, of which the other is null.
grants(bucket) := [grant |
	some list in ["grantList", "grantSet"]
	found := bucket.supplementaryConfiguration.AccessControlList[list]
	found != null
	some grant in found
]

# Whether it is told what the access control list is: who is meant by each of its grants.
tells_acl(bucket) if {
	some list in ["grantList", "grantSet"]
	is_array(bucket.supplementaryConfiguration.AccessControlList[list])
	every grant in grants(bucket) { count(texts(grant.grantee)) > 0 }
}

# Whether all is told that `exposures` needs.
tells_all(bucket) if {
	tells_policy(bucket)
	tells_acl(bucket)
}

# The groups that anyone is in.
groups := {"AllUsers", "AuthenticatedUsers"}

# The name of the group that a grant goes to, as a word or at the end of an address.
group(grant) := name if {
	some text in texts(grant.grantee)
	some name in groups
	regex.match(sprintf("(^|/)%s$", [name]), text)
}

texts(grantee) := [grantee] if is_string(grantee)

texts(grantee) := found if {
	is_object(grantee)
	found := [text | some text in grantee; is_string(text)]
}

# The grants to anyone, with their places; none where S3 ignores them.
public_grants(bucket, accounts) := {{"place": place, "permission": object.get(grant, "permission", "access"), "group": group(grant)} |
	not is_blocked(bucket, accounts, "ignorePublicAcls")
	some place, grant in grants(bucket)
}

# Every way in that is open to anyone, as the violations of a rule. `what` says what bucket it is.
exposures(bucket, accounts, what) := by_policy(bucket, accounts, what) | by_grant(bucket, accounts, what)

by_policy(bucket, accounts, what) := {violation |
	some public in public_statements(bucket, accounts)
	name := called(public.place, public.statement)
	violation := {
		"path": sprintf("supplementaryConfiguration.BucketPolicy.policyText.Statement[%d]", [public.place]),
		"message": sprintf("%s '%s' has a policy that lets anyone in by its statement %s.", [what, bucket.resourceId, name]),
		"evidence": {"way": "policy", "statement": name, "actions": data.lib.policy.actions(public.statement)},
	}
}

by_grant(bucket, accounts, what) := {violation |
	some public in public_grants(bucket, accounts)
	violation := {
		"path": sprintf("supplementaryConfiguration.AccessControlList.grantList[%d]", [public.place]),
		"message": sprintf("%s '%s' has an access control list that gives %s to %s.", [what, bucket.resourceId, public.permission, public.group]),
		"evidence": {"way": "access control list", "group": public.group, "permission": public.permission},
	}
}

# What to call a statement: its Sid, or its place counted from 1.
called(place, statement) := object.get(statement, "Sid", sprintf("%d", [place + 1]))
