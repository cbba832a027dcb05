//! The names of services, and the types whose spellings do not follow the rules.

/// A service as each spelling has it.
#[derive(Debug)]
pub(super) struct Service {
    /// Dotted and underscored.
    pub key: &'static str,
    /// AWS Config.
    pub config: &'static str,
    /// ASFF.
    pub asff: &'static str,
    /// People.
    pub people: &'static str,
}

const fn service(key: &'static str, config: &'static str, asff: &'static str, people: &'static str) -> Service {
    Service { key, config, asff, people }
}

/// The services that are known, by key.
pub(super) const SERVICES: &[Service] = &[
    service("accessanalyzer", "AccessAnalyzer", "AccessAnalyzer", "Access Analyzer"),
    service("acm", "ACM", "CertificateManager", "ACM"),
    service("amazonmq", "AmazonMQ", "AmazonMq", "Amazon MQ"),
    service("apigateway", "ApiGateway", "ApiGateway", "API Gateway"),
    service("apigatewayv2", "ApiGatewayV2", "ApiGatewayV2", "API Gateway V2"),
    service("appsync", "AppSync", "AppSync", "AppSync"),
    service("athena", "Athena", "Athena", "Athena"),
    service("autoscaling", "AutoScaling", "AutoScaling", "Auto Scaling"),
    service("backup", "Backup", "Backup", "Backup"),
    service("cloudformation", "CloudFormation", "CloudFormation", "CloudFormation"),
    service("cloudfront", "CloudFront", "CloudFront", "CloudFront"),
    service("cloudtrail", "CloudTrail", "CloudTrail", "CloudTrail"),
    service("cloudwatch", "CloudWatch", "CloudWatch", "CloudWatch"),
    service("codebuild", "CodeBuild", "CodeBuild", "CodeBuild"),
    service("cognito", "Cognito", "Cognito", "Cognito"),
    service("config", "Config", "Config", "Config"),
    service("dms", "DMS", "Dms", "DMS"),
    service("dynamodb", "DynamoDB", "DynamoDb", "DynamoDB"),
    service("ec2", "EC2", "Ec2", "EC2"),
    service("ecr", "ECR", "Ecr", "ECR"),
    service("ecs", "ECS", "Ecs", "ECS"),
    service("efs", "EFS", "Efs", "EFS"),
    service("eks", "EKS", "Eks", "EKS"),
    service("elasticache", "ElastiCache", "ElastiCache", "ElastiCache"),
    service("elasticbeanstalk", "ElasticBeanstalk", "ElasticBeanstalk", "Elastic Beanstalk"),
    service("elasticsearch", "Elasticsearch", "Elasticsearch", "Elasticsearch"),
    service("elb", "ElasticLoadBalancing", "Elb", "ELB"),
    service("elbv2", "ElasticLoadBalancingV2", "Elbv2", "ELBv2"),
    service("emr", "EMR", "Emr", "EMR"),
    service("events", "Events", "Events", "Events"),
    service("fsx", "FSx", "Fsx", "FSx"),
    service("glue", "Glue", "Glue", "Glue"),
    service("guardduty", "GuardDuty", "GuardDuty", "GuardDuty"),
    service("iam", "IAM", "Iam", "IAM"),
    service("inspector", "Inspector", "Inspector", "Inspector"),
    service("kinesis", "Kinesis", "Kinesis", "Kinesis"),
    service("kms", "KMS", "Kms", "KMS"),
    service("lambda", "Lambda", "Lambda", "Lambda"),
    service("logs", "Logs", "Logs", "Logs"),
    service("macie", "Macie", "Macie", "Macie"),
    service("msk", "MSK", "Msk", "MSK"),
    service("neptune", "Neptune", "Neptune", "Neptune"),
    service("networkfirewall", "NetworkFirewall", "NetworkFirewall", "Network Firewall"),
    service("opensearch", "OpenSearch", "OpenSearchService", "OpenSearch"),
    service("organizations", "Organizations", "Organizations", "Organizations"),
    service("rds", "RDS", "Rds", "RDS"),
    service("redshift", "Redshift", "Redshift", "Redshift"),
    service("route53", "Route53", "Route53", "Route 53"),
    service("s3", "S3", "S3", "S3"),
    service("sagemaker", "SageMaker", "SageMaker", "SageMaker"),
    service("secretsmanager", "SecretsManager", "SecretsManager", "Secrets Manager"),
    service("securityhub", "SecurityHub", "SecurityHub", "Security Hub"),
    service("sns", "SNS", "Sns", "SNS"),
    service("sqs", "SQS", "Sqs", "SQS"),
    service("ssm", "SSM", "Ssm", "SSM"),
    service("stepfunctions", "StepFunctions", "StepFunction", "Step Functions"),
    service("waf", "WAF", "Waf", "WAF"),
    service("wafregional", "WAFRegional", "WafRegional", "WAF Regional"),
    service("wafv2", "WAFv2", "Wafv2", "WAFv2"),
    service("workspaces", "WorkSpaces", "WorkSpaces", "WorkSpaces"),
    service("xray", "XRay", "Xray", "X-Ray"),
];

/// Types that have other names than the rules make, joined and in lower case, and their dotted spelling: Terraform's
/// names, and those of the vendors' samples.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("awsalb", "aws.elbv2.load_balancer"),
    ("awsami", "aws.ec2.image"),
    ("awscloudtrail", "aws.cloudtrail.trail"),
    ("awscloudwatchloggroup", "aws.logs.log_group"),
    ("awsconfigurationrecorder", "aws.config.configuration_recorder"),
    ("awsdbinstance", "aws.rds.db_instance"),
    ("awsdbsnapshot", "aws.rds.db_snapshot"),
    ("awsebssnapshot", "aws.ec2.snapshot"),
    ("awsebsvolume", "aws.ec2.volume"),
    ("awseip", "aws.ec2.eip"),
    ("awselb", "aws.elb.load_balancer"),
    ("awsinstance", "aws.ec2.instance"),
    ("awsinternetgateway", "aws.ec2.internet_gateway"),
    ("awslb", "aws.elbv2.load_balancer"),
    ("awsnatgateway", "aws.ec2.nat_gateway"),
    ("awsnetworkacl", "aws.ec2.network_acl"),
    ("awsnetworkinterface", "aws.ec2.network_interface"),
    ("awsrdscluster", "aws.rds.db_cluster"),
    ("awsrdsinstance", "aws.rds.db_instance"),
    ("awsrdssnapshot", "aws.rds.db_snapshot"),
    ("awsroutetable", "aws.ec2.route_table"),
    ("awssecuritygroup", "aws.ec2.security_group"),
    ("awssubnet", "aws.ec2.subnet"),
    ("awsvpc", "aws.ec2.vpc"),
];

/// Types whose AWS Config spelling is not made of their words: dotted, and AWS Config's.
pub(super) const CONFIG: &[(&str, &str)] = &[
    ("aws.waf.web_acl", "AWS::WAF::WebACL"),
    ("aws.wafregional.web_acl", "AWS::WAFRegional::WebACL"),
    ("aws.wafv2.web_acl", "AWS::WAFv2::WebACL"),
];

/// Types whose ASFF spelling is not made of their words: dotted, and what Prowler sends.
pub(super) const ASFF: &[(&str, &str)] = &[("aws.emr", "AwsEMR")];

/// Words that AWS Config writes in capitals.
pub(super) const CONFIG_CAPITALS: [&str; 5] = ["db", "eip", "vpc", "vpn", "ssm"];

/// Words that people write in capitals.
pub(super) const PEOPLE_CAPITALS: [&str; 14] =
    ["acl", "api", "aws", "db", "dns", "eip", "gcp", "iam", "ip", "mfa", "nat", "vpc", "vpn", "waf"];

/// What types begin with when they belong to a provider.
pub(super) const PROVIDERS: [&str; 7] = ["aws", "azure", "azurerm", "gcp", "github", "google", "kubernetes"];
