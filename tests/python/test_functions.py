"""Every function as a program, started as Lambda does it, over a DynamoDB that is not ours (moto): with its sample event, and
with what is no event at all."""

import json
import subprocess

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lambda_runtime import functions, program_of, running
from posture import ROOT, environment, run

FUNCTIONS = sorted(functions())
#: What goes out in pieces; the template's test says the same of its routes.
STREAMED = {
    "infracast-list-findings",
    "infracast-list-scored-findings",
    "infracast-stream-findings",
    "list-changes",
    "list-decisions",
}
#: Nobody can know the uid of one thing beforehand; and a key is revoked once.
NAMED = ("revoke-key", "bitdefender-get-", "bitdefender-update", "datadog-", "get-job", "infracast-get-terraform-patch")
#: What a queue or a schedule wakes.
TRIGGERS = {"fold-ledgers", "import-hub-events", "record-expiries", "record-resource", "run-audits", "run-decisions", "start-audits", "sweep-inventory", "synchronise-hubs", "tell-hubs", "verify-ledgers"}
#: What is read from AWS.
READERS = {"sweep-inventory", "synchronise-hubs", "tell-hubs"}
MASTER = "1:" + "5a" * 32


@pytest.fixture(scope="module")
def cloud():
    """What the functions find in their environment, and a key."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        variables = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{port}",
            "POSTURE_MASTER": MASTER,
        }
        # The first is the one that the sample revokes.
        for name in ("k", "functions"):
            wish = ["--tenant", "default", "--scopes", "admin", "--name", name]
            place = ["--endpoint-url", variables["AWS_ENDPOINT_URL_DYNAMODB"]]
            made = run("keys", "create", *wish, *place, **variables)
            assert made.returncode == 0, made.stderr
        token = json.loads(made.stdout.splitlines()[-1])["key"]["token"]
        yield variables | {"TABLE_NAME": "posture-ledger", "POSTURE_TENANT": "default"}, token
    finally:
        server.stop()


def sample(function, token):
    return (ROOT / "events" / f"{function}.json").read_text().replace("TOKEN", token)


@pytest.fixture(scope="module", autouse=True)
def filled(cloud):
    """The findings and resources that the other samples ask for."""
    variables, token = cloud
    for function in ("securityhub-batch-import-findings", "import-resources", "set-rule"):
        with running(function, **variables) as runtime:
            status, _, body = runtime.invoke(sample(function, token)).answer()
            assert status < 300, body


def test_there_is_a_program_for_each():
    assert len(FUNCTIONS) > 55 and all(program.exists() for program in functions().values())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_takes_its_event_and_outlives_what_is_none(cloud, function):
    variables, token = cloud
    event = sample(function, token)
    with running(function, **variables) as runtime:
        # What is read from AWS has its own test, with an AWS to read.
        if function not in READERS:
            check(function, runtime.invoke(event))
        for malformed in ("{", "[1, 2]", json.dumps({"Records": [{"nothing": 1}]})):
            odd = runtime.invoke(malformed)
            # A schedule's event says nothing that its function would look at.
            assert odd.is_error or function in TRIGGERS and malformed != "{", malformed
            if odd.is_error:
                told = odd.json()
                assert told["errorType"] and MASTER not in told["errorMessage"] and "panicked" not in told["errorMessage"]
        if function not in READERS:
            check(function, runtime.invoke(event))
        assert runtime.process.poll() is None, "it lives on"


def check(function, outcome):
    """Whether an event was taken well."""
    assert not outcome.is_error, outcome.json()
    assert outcome.is_streamed == (function in STREAMED)
    if function in TRIGGERS:
        assert outcome.json().get("batchItemFailures", []) == []
        return
    status, headers, body = outcome.answer()
    # A second time some things are there already.
    assert status < 300 or status == 409 or (status == 404 and function.startswith(NAMED)), f"{status} {body}"
    assert headers["content-type"], headers
    if function == "infracast-stream-findings":
        assert body.startswith("retry: ") and body.endswith("\n\nretry: 1000\n\n"), body


def secrets_manager(url):
    return boto3.client(
        "secretsmanager", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def test_the_master_comes_from_its_secret(cloud):
    """As on AWS, where a function's environment has the secret's name only; and as for whoever makes the first key there."""
    variables, token = cloud
    url = variables["AWS_ENDPOINT_URL_DYNAMODB"]
    secrets = secrets_manager(url)
    # As the stack makes it: digits alone.
    arn = secrets.create_secret(Name="master", SecretString=MASTER.removeprefix("1:"))["ARN"]
    variables = {name: value for name, value in variables.items() if name != "POSTURE_MASTER"}
    variables |= {"POSTURE_MASTER_SECRET": arn, "AWS_ENDPOINT_URL_SECRETS_MANAGER": url}
    with running("securityhub-get-findings", **variables) as runtime:
        assert runtime.invoke(sample("securityhub-get-findings", token)).answer()[0] == 200
    wish = ["--tenant", "rotated", "--scopes", "findings:read", "--name", "later", "--table", "posture-ledger"]
    made = run("keys", "create", *wish, **variables)
    assert made.returncode == 0, made.stderr
    later = json.loads(made.stdout.splitlines()[-1])["key"]["token"]
    # Another version is current; the previous one is good for the keys that were made with it.
    secrets.put_secret_value(SecretId=arn, SecretString="2:" + "c3" * 32 + "," + MASTER)
    with running("securityhub-get-findings", **variables) as runtime:
        assert runtime.invoke(sample("securityhub-get-findings", later)).answer()[0] == 200
    # The first key by the new master takes the tenant along, and then the old master may go.
    wish[wish.index("later")] = "new"
    made = run("keys", "create", *wish, **variables)
    assert made.returncode == 0, made.stderr
    new = json.loads(made.stdout.splitlines()[-1])["key"]["token"]
    secrets.put_secret_value(SecretId=arn, SecretString="2:" + "c3" * 32)
    with running("securityhub-get-findings", **variables) as runtime:
        assert runtime.invoke(sample("securityhub-get-findings", new)).answer()[0] == 200


@pytest.mark.parametrize("text", ["", "1:5a5a", "nonsense"])
def test_a_secret_that_is_no_master_ends_the_start(cloud, text):
    variables, _ = cloud
    url = variables["AWS_ENDPOINT_URL_DYNAMODB"]
    secrets = secrets_manager(url)
    variables = {name: value for name, value in variables.items() if name != "POSTURE_MASTER"}
    name = "none"
    if text:
        name = secrets.create_secret(Name=f"master-{len(text)}", SecretString=text)["ARN"]
    variables |= {"POSTURE_MASTER_SECRET": name, "AWS_ENDPOINT_URL_SECRETS_MANAGER": url, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}
    done = subprocess.run(
        [program_of("get-job")], env=environment(_HANDLER="get-job", **variables), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode != 0 and "master" in done.stderr and "5a5a" not in done.stderr, done.stderr


def test_a_log_that_nothing_would_be_selected_by_ends_the_start():
    variables = environment(_HANDLER="get-docs", POSTURE_LOG="[{tenant}]=debug", AWS_LAMBDA_RUNTIME_API="127.0.0.1:1")
    done = subprocess.run([program_of("get-docs")], env=variables, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode != 0 and "POSTURE_LOG" in done.stderr and "name targets and levels" in done.stderr, done.stderr


def test_a_key_that_is_none_is_refused(cloud):
    variables, _ = cloud
    for function in ("securityhub-get-findings", "infracast-stream-findings"):
        with running(function, **variables) as runtime:
            status, _, body = runtime.invoke(sample(function, "nonsense")).answer()
            assert status == 401, body
