"""Security Hub on loopback: moto's, and before it what that one lacks."""

import json
import re
import threading

import boto3
import botocore.session
from botocore.validate import ParamValidator
from moto.securityhub.models import securityhub_backends

from aws import ACCOUNT, Aws, Refused

REGION = "eu-west-1"
REGIONS = ("ap-south-1", REGION, "us-east-1")
MEMBER = "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/posture-ledger"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGION}
SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/securityhub/")


MODEL = botocore.session.get_session().get_service_model("securityhub").operation_model("BatchUpdateFindings")


def shaped(side, body):
    """Whether a body is what the model of AWS says of the request or its answer, with no member that it does not know."""
    shape = MODEL.input_shape if side == "input" else MODEL.output_shape
    problems = ParamValidator().validate(body, shape).generate_report()
    assert not problems and set(body) <= set(shape.members), (side, body, problems)


class Hub(Aws):
    """Before moto, whose hub has neither limits nor tokens that grow old: `refuse` says when it would."""

    def __init__(self, moto):
        super().__init__(behind=moto)
        self.moto = moto
        #: Region and body of every request for findings.
        self.pages = []
        #: Account, region and body of every update.
        self.updates = []
        self._local = threading.Lock()

    def answer(self, method, path, headers, body):
        asked = SCOPE.search(headers.get("authorization", ""))
        if asked and path == "/findings":
            with self._local:
                self.pages.append((asked.group(2), json.loads(body)))
                try:
                    self.refuse("GetFindings", asked.group(2), json.loads(body))
                except Refused as refused:
                    answer = json.dumps({"__type": refused.code, "Message": refused.message}).encode()
                    return 429 if "Throttl" in refused.code or "Many" in refused.code else 400, {}, answer
            return self.forward(method, path, headers, body)
        if asked and (method, path) == ("PATCH", "/findings/batchupdate"):
            account = ACCOUNT if asked.group(1) == KEYS["AWS_ACCESS_KEY_ID"] else MEMBER
            return self.update(account, asked.group(2), json.loads(body))
        return super().answer(method, path, headers, body)

    def update(self, account, region, sent):
        """BatchUpdateFindings, which moto lacks: in the shapes of botocore's model, upon moto's findings."""
        shaped("input", sent)
        with self._local:
            self.updates.append((account, region, sent))
            try:
                self.refuse("BatchUpdateFindings", region, sent)
            except Refused as refused:
                answer = json.dumps({"Code": refused.code, "Message": refused.message}).encode()
                status = 429 if "Throttl" in refused.code or "Many" in refused.code else 400
                return status, {"x-amzn-ErrorType": refused.code}, answer
            known = {finding.id: finding for finding in securityhub_backends[account][region].findings}
            processed, unprocessed = [], []
            for named in sent["FindingIdentifiers"]:
                if named["Id"] not in known:
                    why = {"ErrorCode": "FindingNotFound", "ErrorMessage": "Finding Not Found"}
                    unprocessed.append({"FindingIdentifier": named, **why})
                    continue
                members = {name: value for name, value in sent.items() if name != "FindingIdentifiers"}
                if "Note" in members:
                    members["Note"] = members["Note"] | {"UpdatedAt": "2026-03-03T03:03:03.333Z"}
                known[named["Id"]].data.update(members)
                processed.append(named)
        answer = {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}
        shaped("output", answer)
        return 200, {}, json.dumps(answer).encode()

    def client(self, service, region=REGION, **keys):
        keys = keys or {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        return boto3.client(service, endpoint_url=self.moto, region_name=region, **keys)

    def member(self):
        taken = self.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
        names = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key", "SessionToken": "aws_session_token"}
        return self.client("securityhub", **{ours: taken[theirs] for theirs, ours in names.items()})


def told(number, region=REGION, account=ACCOUNT, compliance="FAILED", **more):
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{region}:{account}:subscription/x/{number:06}",
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "GeneratorId": f"control/{number % 20}",
        "AwsAccountId": account,
        "Region": region,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2026-01-01T00:00:00Z",
        "UpdatedAt": "2026-02-01T00:00:00.123Z",
        "Severity": {"Label": "HIGH", "Normalized": 70},
        "Title": f"control {number % 20}",
        "Description": "what is wrong",
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
        "Compliance": {"Status": compliance},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        **more,
    }


def fill(client, findings):
    for start in range(0, len(findings), 100):
        done = client.batch_import_findings(Findings=findings[start : start + 100])
        assert done["FailedCount"] == 0, done
