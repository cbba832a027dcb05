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

# The actions that are watched, by their names in lower case.
by_lower := {
	"airflow:createenvironment": "airflow:CreateEnvironment",
	"apprunner:createservice": "apprunner:CreateService",
	"autoscaling:createautoscalinggroup": "autoscaling:CreateAutoScalingGroup",
	"autoscaling:createlaunchconfiguration": "autoscaling:CreateLaunchConfiguration",
	"batch:registerjobdefinition": "batch:RegisterJobDefinition",
	"cloudformation:createstack": "cloudformation:CreateStack",
	"cloudformation:createstackset": "cloudformation:CreateStackSet",
	"cloudformation:updatestack": "cloudformation:UpdateStack",
	"codebuild:createproject": "codebuild:CreateProject",
	"codebuild:updateproject": "codebuild:UpdateProject",
	"datapipeline:createpipeline": "datapipeline:CreatePipeline",
	"ec2:associateiaminstanceprofile": "ec2:AssociateIamInstanceProfile",
	"ec2:replaceiaminstanceprofileassociation": "ec2:ReplaceIamInstanceProfileAssociation",
	"ec2:requestspotfleet": "ec2:RequestSpotFleet",
	"ec2:requestspotinstances": "ec2:RequestSpotInstances",
	"ec2:runinstances": "ec2:RunInstances",
	"ecs:registertaskdefinition": "ecs:RegisterTaskDefinition",
	"ecs:runtask": "ecs:RunTask",
	"elasticmapreduce:runjobflow": "elasticmapreduce:RunJobFlow",
	"events:puttargets": "events:PutTargets",
	"glue:createdevendpoint": "glue:CreateDevEndpoint",
	"glue:createjob": "glue:CreateJob",
	"glue:updatedevendpoint": "glue:UpdateDevEndpoint",
	"glue:updatejob": "glue:UpdateJob",
	"iam:addusertogroup": "iam:AddUserToGroup",
	"iam:attachgrouppolicy": "iam:AttachGroupPolicy",
	"iam:attachrolepolicy": "iam:AttachRolePolicy",
	"iam:attachuserpolicy": "iam:AttachUserPolicy",
	"iam:createaccesskey": "iam:CreateAccessKey",
	"iam:createloginprofile": "iam:CreateLoginProfile",
	"iam:createpolicyversion": "iam:CreatePolicyVersion",
	"iam:passrole": "iam:PassRole",
	"iam:putgrouppolicy": "iam:PutGroupPolicy",
	"iam:putrolepolicy": "iam:PutRolePolicy",
	"iam:putuserpolicy": "iam:PutUserPolicy",
	"iam:setdefaultpolicyversion": "iam:SetDefaultPolicyVersion",
	"iam:updateassumerolepolicy": "iam:UpdateAssumeRolePolicy",
	"iam:updateloginprofile": "iam:UpdateLoginProfile",
	"lambda:createfunction": "lambda:CreateFunction",
	"lambda:updatefunctioncode": "lambda:UpdateFunctionCode",
	"lambda:updatefunctionconfiguration": "lambda:UpdateFunctionConfiguration",
	"sagemaker:createnotebookinstance": "sagemaker:CreateNotebookInstance",
	"sagemaker:createpresignednotebookinstanceurl": "sagemaker:CreatePresignedNotebookInstanceUrl",
	"sagemaker:createprocessingjob": "sagemaker:CreateProcessingJob",
	"sagemaker:createtrainingjob": "sagemaker:CreateTrainingJob",
	"scheduler:createschedule": "scheduler:CreateSchedule",
	"ssm:startautomationexecution": "ssm:StartAutomationExecution",
	"states:createstatemachine": "states:CreateStateMachine",
	"states:updatestatemachine": "states:UpdateStateMachine",
}

# The ways in which a policy's holder can come to further rights, as texts.
ways(policy) := alone | passing if {
	granted := {action |
		some statement in data.lib.policy.statements(policy)
		statement.Effect == "Allow"
		some action in covered(statement, watched) - harmless(statement)
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

# The actions that a statement's resources leave no danger.
harmless(statement) := sign_in if is_only(statement, `^arn:[^:]*:iam::[^:]*:user/([^*?$]*/)?\$\{aws:username\}$`)

else := {"iam:PassRole"} if is_only(statement, `^arn:[^:*?$]+:iam::[0-9]{12}:role/[^*?$]+$`)

else := set()

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
matched(patterns, actions) := {action |
	some pattern in data.lib.policy.list(patterns)
	some action in meant(lower(pattern))
	action in actions
}

# The watched actions that a pattern means, which is in lower case.
meant(pattern) := {by_lower[pattern]} if by_lower[pattern]

else := watched if pattern == "*"

else := found if {
	regex.match(`[*?]`, pattern)
	start := split(replace(pattern, "?", "*"), "*")[0]
	expression := data.lib.policy.expression(pattern)
	found := {action |
		some name, action in by_lower
		startswith(name, start)
		regex.match(expression, name)
	}
}
