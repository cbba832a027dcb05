"""`posture inventory sweep` of an account in moto, from its buckets, users and topics to the findings of an audit."""

import base64
import json
import re

import boto3
import pytest

from aws import ACCOUNT, CAPTURED, Aws, Refused, item
from test_posture_inventory_sweep import audit, findings, open_findings, sweep_regions

REGION = "us-east-1"
USER, TOPIC = "AWS::IAM::User", "AWS::SNS::Topic"
RECORDED = ["AWS::S3::Bucket", "AWS::IAM::Role", "AWS::IAM::Policy", USER, TOPIC]


#: What moto's credential report lacks: the root user, who has a password and neither keys nor a device.
ROOT = ",".join(
    ["<root_account>", f"arn:aws:iam::{ACCOUNT}:root", "2020-01-01T00:00:00+00:00", "not_supported", "no_information"]
    + ["not_supported", "not_supported", "false", "false", "N/A", "N/A", "N/A", "N/A", "false", "N/A", "N/A", "N/A", "N/A"]
    + ["false", "N/A", "false", "N/A"]
)


class Before(Aws):
    """Before moto. It answers for AWS Config where moto has no resources of a type, or not in their published shape; it
    denies queries, because moto's know nothing; and it adds the root user to moto's credential report."""

    def __init__(self, moto):
        super().__init__(behind=moto)
        self.moto = moto
        #: When AWS Config saw the topics change last.
        self.captured = CAPTURED
        self.refuse = self.no_queries

    @staticmethod
    def no_queries(operation, region, sent):
        if operation.startswith("Select"):
            raise Refused("AccessDeniedException", "no queries")

    def client(self, service):
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": REGION}
        return boto3.client(service, endpoint_url=self.moto, **keys)

    def control(self):
        """S3 Control, whose clients put the account before a host, which no loopback has."""
        client = self.client("s3control")
        strip = lambda request, **_: request.__setattr__("url", self.moto + "/v20180820" + request.url.split("/v20180820")[1])
        client.meta.events.register("before-sign.s3-control", strip)
        return client

    def forward(self, method, path, headers, body):
        status, more, answer = super().forward(method, path, headers, body)
        if b"Action=GetCredentialReport" in body and status == 200:
            content = re.search(rb"<Content>(.*)</Content>", answer, re.DOTALL).group(1)
            report = base64.b64decode(content).decode().rstrip("\n") + f"\n{ROOT}\n"
            answer = answer.replace(content, base64.b64encode(report.encode()))
        return status, more, answer

    def config(self, operation, region, sent):
        kinds = {sent.get("resourceType")} | {key["resourceType"] for key in sent.get("resourceKeys", [])}
        self.items = self.users() if USER in kinds else self.topics()
        return super().config(operation, region, sent)

    def answer(self, method, path, headers, body):
        if path == "/analyzer":
            return 200, {}, b'{"analyzers": []}'
        is_config = "x-amz-target" in headers
        is_ours = USER.encode() in body or TOPIC.encode() in body
        if is_config and not is_ours and b"Expression" not in body:
            return self.forward(method, path, headers, body)
        return super().answer(method, path, headers, body)

    def users(self):
        def shape(user):
            configuration = {
                "path": user["Path"], "userName": user["UserName"], "userId": user["UserId"], "arn": user["Arn"],
                "createDate": user["CreateDate"].isoformat(), "userPolicyList": [], "groupList": [],
                "attachedManagedPolicies": [], "permissionsBoundary": None, "tags": [],
            }
            return item(USER, user["UserId"], "global", configuration, arn=user["Arn"], resourceName=user["UserName"])

        return [shape(user) for user in self.client("iam").list_users()["Users"]]

    def topics(self):
        sns = self.client("sns")
        arns = [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
        attributes = {arn: sns.get_topic_attributes(TopicArn=arn)["Attributes"] for arn in arns}
        shape = lambda arn: item(TOPIC, arn, REGION, attributes[arn], captured=self.captured, arn=arn, resourceName=arn.split(":")[-1])
        return [shape(arn) for arn in arns]


@pytest.fixture
def aws(moto):
    with Before(moto) as before:
        yield before


def record(aws):
    config, role = aws.client("config"), f"arn:aws:iam::{ACCOUNT}:role/config"
    recorder = {"name": "default", "roleARN": role, "recordingGroup": {"allSupported": False, "resourceTypes": RECORDED}}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "open"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def furnish(aws):
    """A bucket, a user and a topic that are as they should be, and one of each that is not."""
    s3, iam, sns = aws.client("s3"), aws.client("iam"), aws.client("sns")
    for bucket in ("open", "good"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="good", VersioningConfiguration={"Status": "Enabled"})
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket="good", PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::open/*"}
    s3.put_bucket_policy(Bucket="open", Policy=json.dumps({"Version": "2012-10-17", "Statement": [everyone]}))
    for user in ("alice", "robot"):
        iam.create_user(UserName=user)
    iam.create_login_profile(UserName="alice", Password="correct horse")
    iam.create_access_key(UserName="robot")
    iam.update_account_password_policy(MinimumPasswordLength=8, PasswordReusePrevention=24)
    sns.create_topic(Name="plain")
    sns.create_topic(Name="sealed", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    record(aws)


FOUND = {
    # Rule, region, resource: what the audit says.
    ("CIS-AWS-1.10", "global", "alice"): "FAILED",  # a password, no device
    ("CIS-AWS-1.14", "global", "robot"): "PASSED",  # a key of today
    ("CIS-AWS-1.4", "global", ACCOUNT): "PASSED",  # the root user has no keys
    ("CIS-AWS-1.5", "global", ACCOUNT): "FAILED",  # and no device
    ("CIS-AWS-1.8", "global", ACCOUNT): "FAILED",  # 8 characters
    ("CIS-AWS-1.9", "global", ACCOUNT): "PASSED",  # 24 passwords
    ("CIS-AWS-2.1.4-ACCOUNT", "global", ACCOUNT): "FAILED",
    ("CIS-AWS-2.1.4-BUCKET", REGION, "good"): "PASSED",
    ("CIS-AWS-2.1.4-BUCKET", REGION, "open"): "FAILED",
    ("CIS-AWS-3.3", REGION, ACCOUNT): "FAILED",  # some types are recorded
    ("NIST-AC-3-S3-PUBLIC", REGION, "good"): "PASSED",
    ("NIST-AC-3-S3-PUBLIC", REGION, "open"): "FAILED",
    ("NIST-SC-28-EBS-DEFAULT", REGION, ACCOUNT): "FAILED",
    ("NIST-SC-28-SNS-ENCRYPTION", REGION, "plain"): "FAILED",
    ("NIST-SC-28-SNS-ENCRYPTION", REGION, "sealed"): "PASSED",
    ("NIST-SI-4-GUARDDUTY", REGION, ACCOUNT): "FAILED",
}


def statuses(data, of):
    found = findings(data)
    return {key: found[key][0] for key in of if found[key][1] == "ACTIVE"}


def test_an_account_is_swept_and_judged(aws, tmp_path):
    data = tmp_path / "data"
    furnish(aws)
    code, counts, said = sweep_regions(aws, data, REGION)
    # Two buckets, two users, two topics, and the account's two items.
    assert (code, counts["created"], counts["unread"]) == (0, 8, []), said
    audit(data)
    assert statuses(data, FOUND) == FOUND

    # What is mended passes, and what is gone is gone.
    iam, s3, sns = aws.client("iam"), aws.client("s3"), aws.client("sns")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName="alice", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321")
    iam.update_account_password_policy(MinimumPasswordLength=14, PasswordReusePrevention=24)
    aws.client("ec2").enable_ebs_encryption_by_default()
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    configuration = {"AccountId": ACCOUNT, "PublicAccessBlockConfiguration": dict.fromkeys(blocks, True)}
    aws.control().put_public_access_block(**configuration)
    s3.delete_bucket(Bucket="open")
    (plain,) = (t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith("plain"))
    sns.set_topic_attributes(TopicArn=plain, AttributeName="KmsMasterKeyId", AttributeValue="alias/mine")
    aws.captured += 60
    code, counts, said = sweep_regions(aws, data, REGION)
    assert (code, counts["deleted"]) == (0, 1), said
    audit(data)
    mended = [
        ("CIS-AWS-1.10", "global", "alice"),
        ("CIS-AWS-1.8", "global", ACCOUNT),
        ("CIS-AWS-2.1.4-ACCOUNT", "global", ACCOUNT),
        ("NIST-SC-28-EBS-DEFAULT", REGION, ACCOUNT),
        ("NIST-SC-28-SNS-ENCRYPTION", REGION, "plain"),
    ]
    assert statuses(data, mended) == dict.fromkeys(mended, "PASSED")
    assert findings(data)[("NIST-AC-3-S3-PUBLIC", REGION, "open")][1] == "ARCHIVED"


def test_what_iam_does_not_tell_passes_nothing(aws, tmp_path):
    data = tmp_path / "data"
    furnish(aws)
    sweep_regions(aws, data, REGION)
    audit(data)
    before = open_findings(data)

    def refuse(operation, region, sent):
        aws.no_queries(operation, region, sent)
        if operation == "GetCredentialReport":
            raise Refused("AccessDenied", "not authorized to read the report")
        if operation == "GetAccountPasswordPolicy":
            raise Refused("Throttling", "Rate exceeded")

    # The user would pass and so would the account, if anybody could see it.
    iam = aws.client("iam")
    iam.delete_login_profile(UserName="alice")
    iam.update_account_password_policy(MinimumPasswordLength=14)
    aws.refuse = refuse
    code, counts, _ = sweep_regions(aws, data, REGION)
    assert code == 3
    assert any(USER in why and "not authorized to read the report" in why for why in counts["unread"])
    assert any("AWS::::Account.passwordPolicy: Throttling" in why for why in counts["unread"])
    job = audit(data)
    assert any(USER in line and "AccessDenied" in line for line in job["unread"]), job["unread"]
    assert any("passwordPolicy" in line and "Throttling" in line for line in job["unread"]), job["unread"]
    unknown = [("CIS-AWS-1.10", "global", "alice"), ("CIS-AWS-1.8", "global", ACCOUNT), ("CIS-AWS-1.5", "global", ACCOUNT)]
    assert statuses(data, unknown) == dict.fromkeys(unknown, "NOT_AVAILABLE")
    assert open_findings(data) == before, "what was open stays open"
