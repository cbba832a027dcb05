"""template.yaml, as CloudFormation's own schemas see it."""

import pathlib
import re
import subprocess
import sys
import unittest.mock

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from posture import ROOT


def lint(path):
    program = pathlib.Path(sys.executable).with_name("cfn-lint")
    command = [str(program), "--regions", "eu-west-1", "us-east-1", "--", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("template", ["template.yaml", "member-role.yaml"])
def test_it_is_clean(template):
    done = lint(ROOT / template)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_members_role_is_for_its_ledger_alone():
    role = yaml_parse((ROOT / "member-role.yaml").read_text())
    assert "Default" not in role["Parameters"]["ExternalId"] and "Default" not in role["Parameters"]["LedgerAccount"]
    (trust,) = role["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    named, account = trust["Principal"]["AWS"]["Fn::If"][1:]
    assert named == {"Ref": "ReaderRoles"} and account == {"Fn::Sub": "arn:${AWS::Partition}:iam::${LedgerAccount}:root"}
    (policy,) = role["Resources"]["Role"]["Properties"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    writes = ("Put", "Create", "Delete", "Update", "Batch" "Update", "BatchImport", "Set", "Attach", "Assume", "Pass")
    assert not [action for action in statement["Action"] if action.split(":")[1].startswith(writes) or "*" in action]


def test_a_mistake_would_be_found(tmp_path):
    text = (ROOT / "template.yaml").read_text()
    for right, wrong in (("SSEType: KMS", "SSEType: KMX"), ("!GetAtt HubEvents.Arn", "!GetAtt HubEvent.Arn")):
        assert right in text
        broken = tmp_path / "template.yaml"
        broken.write_text(text.replace(right, wrong))
        assert lint(broken).returncode != 0, wrong


class NoPolicies:
    """SAM's own managed policies, of which the template names none."""

    def load(self):
        return {}


@pytest.fixture(scope="module")
def translated():
    """The template as AWS makes CloudFormation of it; functions come from a bucket then."""
    text = re.sub(r"CodeUri: \S+", "CodeUri: s3://bucket/key", (ROOT / "template.yaml").read_text())
    with unittest.mock.patch.dict("os.environ", {"AWS_DEFAULT_REGION": "eu-west-1"}):
        return transform(yaml_parse(text), {}, NoPolicies())


def test_only_what_streams_is_streamed(translated):
    """SAM passes a mode that it does not know over in silence, so what came of it is looked at."""
    (api,) = [one for one in translated["Resources"].values() if one["Type"] == "AWS::ApiGateway::RestApi"]
    modes = {}
    for path, methods in api["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            if integration["type"] == "aws_proxy":
                uri = integration["uri"]["Fn::Sub"]
                streams = integration.get("responseTransferMode") == "STREAM"
                assert streams == uri.endswith("/response-streaming-invocations"), path
                # Without it the gateway ends a stream after 29 seconds.
                assert streams == (integration.get("timeoutInMillis", 0) >= 330_000), path
                modes[f"{method.upper()} {path}"] = streams
    tenant = "GET /api/v1/tenants/{tenantID}"
    assert {route for route, streams in modes.items() if streams} == {
        f"{tenant}/findings",
        f"{tenant}/findings/scored",
        f"{tenant}/findings/stream",
        f"{tenant}/changes",
        f"{tenant}/audit-log",
    }
    assert len(modes) > 50


def test_nothing_secret_is_in_the_outputs():
    outputs = (ROOT / "template.yaml").read_text().split("\nOutputs:\n")[1]
    assert "resolve:" not in outputs and "POSTURE_MASTER" in outputs
