//! Spellings of resource types, both ways over every type of the rules and the samples (DESIGN §2, Vocabularies).

use super::{ResourceType, resource_name, resource_path};

/// AWS Config, ASFF, dotted, underscored, people's.
const TABLE: &[[&str; 5]] = &[
    ["AWS::S3::Bucket", "AwsS3Bucket", "aws.s3.bucket", "aws_s3_bucket", "S3 Bucket"],
    [
        "AWS::EC2::SecurityGroup",
        "AwsEc2SecurityGroup",
        "aws.ec2.security_group",
        "aws_ec2_security_group",
        "EC2 Security Group",
    ],
    ["AWS::IAM::User", "AwsIamUser", "aws.iam.user", "aws_iam_user", "IAM User"],
    ["AWS::::Account", "AwsAccount", "aws.account", "aws_account", "AWS Account"],
    ["AWS::EC2::VPC", "AwsEc2Vpc", "aws.ec2.vpc", "aws_ec2_vpc", "EC2 VPC"],
    ["AWS::EC2::NetworkAcl", "AwsEc2NetworkAcl", "aws.ec2.network_acl", "aws_ec2_network_acl", "EC2 Network ACL"],
    ["AWS::RDS::DBInstance", "AwsRdsDbInstance", "aws.rds.db_instance", "aws_rds_db_instance", "RDS DB Instance"],
    ["AWS::DynamoDB::Table", "AwsDynamoDbTable", "aws.dynamodb.table", "aws_dynamodb_table", "DynamoDB Table"],
    [
        "AWS::OpenSearch::Domain",
        "AwsOpenSearchServiceDomain",
        "aws.opensearch.domain",
        "aws_opensearch_domain",
        "OpenSearch Domain",
    ],
    [
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "AwsElbLoadBalancer",
        "aws.elb.load_balancer",
        "aws_elb_load_balancer",
        "ELB Load Balancer",
    ],
    [
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AwsElbv2LoadBalancer",
        "aws.elbv2.load_balancer",
        "aws_elbv2_load_balancer",
        "ELBv2 Load Balancer",
    ],
    [
        "AWS::SecretsManager::Secret",
        "AwsSecretsManagerSecret",
        "aws.secretsmanager.secret",
        "aws_secretsmanager_secret",
        "Secrets Manager Secret",
    ],
    [
        "AWS::ACM::Certificate",
        "AwsCertificateManagerCertificate",
        "aws.acm.certificate",
        "aws_acm_certificate",
        "ACM Certificate",
    ],
    ["AWS::WAFv2::WebACL", "AwsWafv2WebAcl", "aws.wafv2.web_acl", "aws_wafv2_web_acl", "WAFv2 Web ACL"],
    [
        "AWS::ApiGatewayV2::Api",
        "AwsApiGatewayV2Api",
        "aws.apigatewayv2.api",
        "aws_apigatewayv2_api",
        "API Gateway V2 API",
    ],
    [
        "AWS::Route53::HostedZone",
        "AwsRoute53HostedZone",
        "aws.route53.hosted_zone",
        "aws_route53_hosted_zone",
        "Route 53 Hosted Zone",
    ],
];

/// Every type of the rules and of AWS Config's schemas that they read.
const OF_RULES: &[&str] = &[
    "AWS::::Account",
    "AWS::CloudFront::Distribution",
    "AWS::CloudTrail::Trail",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Image",
    "AWS::EC2::Instance",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Snapshot",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EFS::FileSystem",
    "AWS::EKS::Cluster",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::ServerCertificate",
    "AWS::IAM::User",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::OpenSearch::Domain",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSnapshot",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

/// Every type that Prowler and Security Hub sent.
const OF_SAMPLES: &[&str] = &[
    "AwsAccount",
    "AwsCloudTrailLogGroup",
    "AwsCloudTrailTrail",
    "AwsCloudWatch",
    "AwsEMR",
    "AwsEc2Instance",
    "AwsEc2NetworkAcl",
    "AwsEc2SecurityGroup",
    "AwsEc2Vpc",
    "AwsGlue",
    "AwsIamPasswordPolicy",
    "AwsIamPolicy",
    "AwsIamRole",
    "AwsIamUser",
    "AwsLambdaFunction",
    "AwsLogsLogGroup",
    "AwsMacieSession",
    "AwsS3Bucket",
    "AwsSecurityHubHub",
    "Other",
];

/// Types that no table has.
const UNKNOWN: &[&str] = &[
    "AWS::FooBar::BigThing",
    "AwsFooBarBigThing",
    "aws.foobar.big_thing",
    "aws_foobar_big_thing",
    "AzureStorageAccount",
    "Container",
    "CodeRepository",
    "container.image",
    "Ünusual Thing",
];

fn spellings(kind: &ResourceType) -> [String; 5] {
    [kind.config(), kind.asff(), kind.dotted(), kind.underscored(), kind.people()]
}

#[test]
fn every_spelling_of_the_table_gives_every_other() {
    for row in TABLE {
        for spelling in row {
            assert_eq!(spellings(&ResourceType::parse(spelling)), *row, "{spelling}");
        }
    }
}

#[test]
fn no_type_is_lost_on_any_way() {
    for name in OF_RULES.iter().chain(OF_SAMPLES).chain(UNKNOWN) {
        let kind = ResourceType::parse(name);
        for spelling in spellings(&kind) {
            assert!(!spelling.is_empty(), "{name}");
            assert_eq!(ResourceType::parse(&spelling), kind, "{name} as {spelling}");
        }
    }
    // What producers sent is what columns hold: filters must find it again.
    for name in OF_SAMPLES {
        assert_eq!(ResourceType::parse(name).asff(), *name);
        let again = ResourceType::parse(&ResourceType::parse(name).dotted());
        assert_eq!(again.asff(), *name, "{name} by its dotted spelling");
    }
    for name in OF_RULES {
        let again = ResourceType::parse(&ResourceType::parse(name).asff());
        assert_eq!(again.config(), *name, "{name} by its ASFF spelling");
    }
}

#[test]
fn other_names_are_understood() {
    let cases = [
        ("aws_security_group", "aws.ec2.security_group"),
        ("Security Group", "aws.ec2.security_group"),
        ("aws_instance", "aws.ec2.instance"),
        ("aws_vpc", "aws.ec2.vpc"),
        ("aws_db_instance", "aws.rds.db_instance"),
        ("aws_cloudtrail", "aws.cloudtrail.trail"),
        ("Configuration Recorder", "aws.config.configuration_recorder"),
        ("s3 bucket", "aws.s3.bucket"),
        ("AWS::OpenSearchService::Domain", "aws.opensearch.domain"),
        ("other", "other"),
        ("", "other"),
        ("::", "other"),
        ("My Own Thing", "my_own_thing"),
    ];
    for (spelling, dotted) in cases {
        assert_eq!(ResourceType::parse(spelling).dotted(), dotted, "{spelling}");
    }
    let long = "Äx".repeat(10_000);
    assert!(ResourceType::parse(&long).asff().len() < 600);
}

#[test]
fn services_are_those_of_scope_tags() {
    let cases = [("AwsS3Bucket", "s3"), ("AwsEc2Vpc", "ec2"), ("AwsAccount", "account"), ("AwsGlue", "glue")];
    for (name, service) in cases {
        assert_eq!(ResourceType::parse(name).service(), service);
    }
    assert_eq!(ResourceType::parse("Other").service(), "other");
}

#[test]
fn a_resource_is_called_by_the_end_of_its_arn() {
    let cases = [
        ("arn:aws:s3:::logs-eu", "logs-eu"),
        ("arn:aws:iam::123456789012:user/svc-deploy", "svc-deploy"),
        ("arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0abc123", "sg-0abc123"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:load", "load"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/load:*", "load"),
        ("arn:aws-cn:iam::1:role/a/b/c", "c"),
        ("AWS::::Account:123456789012", "AWS::::Account:123456789012"),
        ("Security Hub", "Security Hub"),
        ("a/b", "a/b"),
        ("arn:aws:x:", "arn:aws:x:"),
        ("", ""),
    ];
    for (id, name) in cases {
        assert_eq!(resource_name(id), name, "{id}");
    }
}

/// The samples of Infracast's page (CONTRACTS 5).
#[test]
fn resources_have_the_paths_of_the_samples() {
    let path = |region, kind, name| resource_path(region, &ResourceType::parse(kind), name);
    assert_eq!(path(Some("us-east-1"), "AwsIamUser", "svc-deploy"), "aws:us-east-1:aws.iam.user:svc-deploy");
    assert_eq!(
        path(Some("us-east-1"), "AwsEc2SecurityGroup", "sg-0abc123"),
        "aws:us-east-1:aws.ec2.security_group:sg-0abc123"
    );
    assert_eq!(path(None, "AwsAccount", "123456789012"), "aws:global:aws.account:123456789012");
    assert_eq!(path(Some(""), "Other", "x"), "aws:global:other:x");
}
