"""template.yaml, as CloudFormation's own schemas see it."""

import json
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


def test_nothing_secret_is_in_outputs_or_environments(translated):
    text = json.dumps(translated)
    assert "resolve:" not in text and "SecretString" not in text.replace("GenerateSecretString", "")
    for one in of_type(translated, "AWS::Lambda::Function"):
        variables = one["Properties"]["Environment"]["Variables"]
        assert variables["POSTURE_MASTER_SECRET"] == {"Ref": "Master"} and "POSTURE_MASTER" not in variables


def test_it_fits_into_a_stack(translated):
    """CloudFormation takes 500 resources and 1 MB."""
    assert len(translated["Resources"]) < 450 and len(json.dumps(translated)) < 900_000


def of_type(translated, kind):
    return [one for one in translated["Resources"].values() if one["Type"] == kind]


def test_clients_that_sign_have_a_door_that_hands_signatures_over(translated):
    (api,) = of_type(translated, "AWS::ApiGatewayV2::Api")
    routes = {}
    for path, methods in api["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            if "x-amazon-apigateway-integration" in operation:
                integration = operation["x-amazon-apigateway-integration"]
                assert integration["type"] == "aws_proxy" and integration["payloadFormatVersion"] == "2.0"
                assert "security" not in operation, "a gateway that authorizes would not hand the signature over"
                routes[f"{method} {path}"] = re.search(r"\{(\w+)Function\.Arn\}", integration["uri"]["Fn::Sub"])[1]
    assert routes == {
        "post /findings/import": "SecurityhubBatchImportFindings",
        "patch /findings/batchupdate": "SecurityhubBatchUpdateFindings",
        "post /findings": "SecurityhubGetFindings",
        "post /findingHistory/get": "SecurityhubGetFindingHistory",
        "get /accounts": "SecurityhubDescribeHub",
        "get /productSubscriptions": "SecurityhubListEnabledProducts",
        "x-amazon-apigateway-any-method $default": "SecurityhubDescribeHub",
    }


def test_gateways_schedules_and_nobody_else_may_wake_functions(translated):
    """Every function has a permission for each of its doors, and none is for anybody without a source."""
    woken = {}
    for one in of_type(translated, "AWS::Lambda::Permission"):
        properties = one["Properties"]
        assert properties["Action"] == "lambda:InvokeFunction" and properties["SourceArn"], properties
        assert properties["Principal"] in ("apigateway.amazonaws.com", "events.amazonaws.com"), properties
        woken.setdefault(properties["FunctionName"]["Ref"], []).append(properties["Principal"])
    for one in of_type(translated, "AWS::Lambda::EventSourceMapping"):
        woken.setdefault(one["Properties"]["FunctionName"]["Ref"], []).append("sqs")
    functions = {name for name, one in translated["Resources"].items() if one["Type"] == "AWS::Lambda::Function"}
    assert woken.keys() == functions
