# What the policies of identities let their holders do.
package lib.privileges

# The document in force of a managed policy; undefined where it was not read.
document(configuration) := version.document if {
	some version in configuration.policyVersionList
	version.isDefaultVersion == true
	data.lib.documents.is_of_identity(version.document)
}

# Whether somebody holds a policy of the customer's own. A count that was not read is no zero.
is_held(configuration) if {
	not regex.match(`^arn:[^:]+:iam::aws:policy/`, configuration.arn)
	not configuration.attachmentCount == 0
}

# Whether a statement allows everything on every resource. NotAction that leaves out nothing of what changes rights is
# no less: who may change rights may do everything.
is_everything(statement) if {
	statement.Effect == "Allow"
	is_every_resource(statement)
	is_every_action(statement)
}

is_every_action(statement) if {
	some action in data.lib.policy.list(statement.Action)
	regex.match(`^\*+(:\*+)?$`, action)
}

is_every_action(statement) if {
	statement.NotAction
	count(covered(statement, change_rights)) == count(change_rights)
}

is_every_resource(statement) if {
	some resource in data.lib.policy.list(statement.Resource)
	regex.match(`^(\*+|arn:\*+|arn:[^:]*(:\*+)+)$`, resource)
}

is_every_resource(statement) if statement.NotResource

# Actions that give rights to whom the holder wants, and so to the holder.
change_rights := {
	"iam:AddUserToGroup", "iam:AttachGroupPolicy", "iam:AttachRolePolicy", "iam:AttachUserPolicy", "iam:CreatePolicyVersion",
	"iam:PutGroupPolicy", "iam:PutRolePolicy", "iam:PutUserPolicy", "iam:SetDefaultPolicyVersion", "iam:UpdateAssumeRolePolicy",
}

# Actions that put the holder's code or session into what runs with a role already.
take_over := {
	"glue:UpdateDevEndpoint", "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
	"sagemaker:CreatePresignedNotebookInstanceUrl",
}

# Actions that make a way to sign in. On oneself they give nothing new.
sign_in := {"iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"}

# Actions that run something with a role that was passed to it.
run_as := {
	"airflow:CreateEnvironment", "apprunner:CreateService", "autoscaling:CreateAutoScalingGroup",
	"autoscaling:CreateLaunchConfiguration", "batch:RegisterJobDefinition", "cloudformation:CreateStack",
	"cloudformation:CreateStackSet", "cloudformation:UpdateStack", "codebuild:CreateProject", "codebuild:UpdateProject",
	"datapipeline:CreatePipeline", "ec2:AssociateIamInstanceProfile", "ec2:ReplaceIamInstanceProfileAssociation",
	"ec2:RequestSpotFleet", "ec2:RequestSpotInstances", "ec2:RunInstances", "ecs:RegisterTaskDefinition", "ecs:RunTask",
	"elasticmapreduce:RunJobFlow", "events:PutTargets", "glue:CreateDevEndpoint", "glue:CreateJob", "glue:UpdateJob",
	"lambda:CreateFunction", "sagemaker:CreateNotebookInstance",
	"sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob", "scheduler:CreateSchedule",
	"ssm:StartAutomationExecution", "states:CreateStateMachine", "states:UpdateStateMachine",
}

watched := ((change_rights | take_over) | (sign_in | run_as)) | {"iam:PassRole"}

# The ways in which a policy's holder can come to further rights, as texts.
ways(policy) := alone | passing if {
	granted := {action |
		some statement in data.lib.policy.statements(policy)
		statement.Effect == "Allow"
		some action in covered(statement, watched)
		counts(statement, action)
	}
	denied := {action |
		some statement in data.lib.policy.statements(policy)
		statement.Effect == "Deny"
		not statement.Condition
		is_every_resource(statement)
		not statement.NotResource
		some action in covered(statement, watched)
	}
	left := granted - denied
	alone := left & ((change_rights | take_over) | sign_in)
	passing := {sprintf("iam:PassRole with %s", [action]) |
		"iam:PassRole" in left
		some action in left & run_as
	}
}

# Whether a statement's resources leave an action its danger.
counts(_, action) if not action in (sign_in | {"iam:PassRole"})

counts(statement, action) if {
	action in sign_in
	not is_only(statement, `^arn:[^:]*:iam::[^:]*:user/([^*?$]*/)?\$\{aws:username\}$`)
}

counts(statement, "iam:PassRole") if not is_only(statement, `^arn:[^:*?$]+:iam::[0-9]{12}:role/[^*?$]+$`)

# Whether every resource of a statement is like an expression.
is_only(statement, expression) if {
	resources := data.lib.policy.list(statement.Resource)
	count(resources) > 0
	every resource in resources { regex.match(expression, resource) }
}

# Those of some actions that a statement is about.
covered(statement, actions) := matched(statement.Action, actions)

covered(statement, actions) := actions - matched(statement.NotAction, actions)

# Those of some actions that one of a statement's patterns means.
matched(patterns, actions) := exact | wild if {
	lowered := {lower(pattern) | some pattern in data.lib.policy.list(patterns)}
	exact := {action | some action in actions; lower(action) in lowered}
	wild := {action |
		some pattern in lowered
		start := split(replace(pattern, "?", "*"), "*")[0]
		start != pattern
		some action in actions
		startswith(lower(action), start)
		data.lib.policy.glob_matches(pattern, lower(action))
	}
}
