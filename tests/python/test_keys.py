"""Keys and signatures, by stock clients and by signed requests that were changed afterwards (DESIGN 5)."""

import datetime
import json
import time

import botocore.exceptions
import pytest

from findings import PRODUCT, finding
from posture import run, serving
from raw import HTTP, call, send, signed

CALLS = {
    "batch_import_findings": {"Findings": [finding("denied")]},
    "batch_update_findings": {"FindingIdentifiers": [{"Id": "x", "ProductArn": PRODUCT}], "Confidence": 1},
    "get_findings": {},
    "get_finding_history": {"FindingIdentifier": {"Id": "x", "ProductArn": PRODUCT}},
    "describe_hub": {},
    "list_enabled_products_for_import": {},
}
NEEDS = {"batch_import_findings": "findings:import", "batch_update_findings": "findings:write"}


def refusal(client, operation):
    """The error of a call that must be refused."""
    with pytest.raises(client.exceptions.InvalidAccessException) as refused:
        getattr(client, operation)(**CALLS[operation])
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 401
    assert answer["ResponseMetadata"]["RetryAttempts"] == 0
    assert answer["ResponseMetadata"]["RequestId"]
    return answer["Error"]["Message"]


@pytest.mark.parametrize("operation", CALLS)
def test_a_wrong_secret_and_an_unknown_key_are_told_the_same(server, operation):
    secret = server.key | {"aws_secret_access_key": "x" * 40}
    unknown = server.key | {"aws_access_key_id": server.key["aws_access_key_id"][:-4] + "AAAA"}
    foreign = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x" * 40}
    said = {refusal(server.client(key), operation) for key in (secret, unknown, foreign)}
    assert len(said) == 1, said


def test_without_a_key_nothing_is_answered(server):
    for method, path in (("POST", "/findings"), ("POST", "/findings/import"), ("GET", "/accounts"), ("GET", "/x")):
        answer = HTTP.request(method, server.url + path, headers={"Content-Type": "application/json"}, body=b"{}")
        assert answer.status in (401, 404), path
        assert json.loads(answer.data)["Code"] in ("InvalidAccessException", "UnknownOperationException")


def another_second(time):
    """The time with another last digit."""
    return time[:-2] + ("2Z" if time.endswith("1Z") else "1Z")


def test_a_changed_request_is_refused(server):
    method, url, headers, body = signed(server, "POST", "/findings", {"MaxResults": 5})
    assert send(method, url, headers, body)[0] == 200
    changed = [
        (method, url, headers, b'{"MaxResults": 6}'),
        (method, url + "/import", headers, body),
        (method, url + "?a=1", headers, body),
        ("PATCH", url + "/batchupdate", headers, body),
        (method, url, headers | {"Host": "example.com"}, body),
        (method, url, headers | {"X-Amz-Date": another_second(headers["X-Amz-Date"])}, body),
        (method, url, {k: v for k, v in headers.items() if k != "X-Amz-Date"}, body),
        (method, url, headers | {"Authorization": headers["Authorization"].replace("securityhub", "s3")}, body),
        (method, url, headers | {"Authorization": headers["Authorization"][:-1]}, body),
        (method, url, headers | {"Authorization": ""}, body),
    ]
    for number, request in enumerate(changed):
        status, answered, answer = send(*request)
        assert (status, answered["x-amzn-errortype"]) == (401, "InvalidAccessException"), (number, answer)


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 200), (4, 200), (6, 401)])
def test_a_signature_is_good_for_five_minutes(server, minutes, status):
    at = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(minutes=minutes)
    assert call(server, "POST", "/findings", {}, at=at)[0] == status


def test_every_form_of_the_key_is_taken(server):
    token = server.key["token"]
    for headers in (
        {"Authorization": f"Bearer {token}"},
        {"x-api-key": token},
        {
            "DD-API-KEY": server.key["datadog_api_key"],
            "DD-APPLICATION-KEY": server.key["datadog_application_key"],
        },
    ):
        assert send("POST", server.url + "/findings", headers, b"{}")[0] == 200, headers.keys()
        broken = {name: value[:-1] + ("0" if value[-1] != "0" else "1") for name, value in headers.items()}
        assert send("POST", server.url + "/findings", broken, b"{}")[0] == 401, headers.keys()


@pytest.mark.parametrize("scope", ["findings:read", "findings:write", "findings:import", "audit:run"])
def test_a_key_does_what_its_scopes_say(tmp_path, scope):
    made = run("keys", "create", "--data", tmp_path, "--tenant", "default", "--scopes", scope, "--name", "limited")
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout)["key"]
    with serving(tmp_path, "--new-key") as server:
        client = server.client(key)
        for operation, arguments in CALLS.items():
            if NEEDS.get(operation, "findings:read") == scope:
                getattr(client, operation)(**arguments)
            else:
                refusal(client, operation)


def test_a_revoked_and_an_ended_key_are_refused(tmp_path):
    keys = {}
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, more in (("revoked", []), ("ended", ["--expires", soon]), ("good", ["--expires", "2099-01-31"])):
        made = run("keys", "create", "--data", tmp_path, "--tenant", "default", "--scopes", "admin", "--name", name, *more)
        keys[name] = json.loads(made.stdout)["key"]
    assert run("keys", "revoke", "--data", tmp_path, "revoked").returncode == 0
    again = run("keys", "create", "--data", tmp_path, "--tenant", "default", "--scopes", "admin", "--name", "good")
    assert again.returncode == 1 and "good" in again.stderr
    past = run("keys", "create", "--data", tmp_path, "--tenant", "default", "--scopes", "admin", "--expires", "2020-01-31")
    assert past.returncode == 1 and "expires" in past.stderr
    listed = run("keys", "list", "--data", tmp_path)
    shown = {key["name"]: key for key in map(json.loads, listed.stdout.splitlines())}
    assert set(shown) == {"revoked", "ended", "good"}
    for key in keys.values():
        assert not any(secret in listed.stdout for name, secret in key.items() if name != "name")
    with serving(tmp_path) as server:
        assert server.key is None, "keys are printed when they are made and never again"
        assert server.client(keys["good"]).get_findings()["Findings"] == []
        time.sleep(2)
        for name in ("revoked", "ended"):
            refusal(server.client(keys[name]), "get_findings")


def test_tenants_do_not_see_each_other(tmp_path):
    keys = {}
    for tenant in ("acme", "zenith"):
        made = run("keys", "create", "--data", tmp_path, "--tenant", tenant, "--scopes", "admin")
        keys[tenant] = json.loads(made.stdout)["key"]
    with serving(tmp_path) as server:
        acme, zenith = (server.client(keys[tenant]) for tenant in ("acme", "zenith"))
        one = finding("the-same-name")
        acme.batch_import_findings(Findings=[one, finding()])
        identifier = {"Id": one["Id"], "ProductArn": PRODUCT}
        assert zenith.get_findings()["Findings"] == []
        assert zenith.get_finding_history(FindingIdentifier=identifier)["Records"] == []
        refused = zenith.batch_update_findings(FindingIdentifiers=[identifier], Confidence=1)["UnprocessedFindings"]
        assert [failed["ErrorCode"] for failed in refused] == ["FindingNotFound"]
        token = acme.get_findings(MaxResults=1)["NextToken"]
        with pytest.raises(zenith.exceptions.InvalidInputException) as with_foreign:
            zenith.get_findings(NextToken=token)
        with pytest.raises(zenith.exceptions.InvalidInputException) as with_nonsense:
            zenith.get_findings(NextToken="nonsense")
        assert str(with_foreign.value) == str(with_nonsense.value)
        zenith.batch_import_findings(Findings=[one | {"Title": "zenith's own"}])
        assert acme.get_findings(Filters={"Id": [{"Value": one["Id"], "Comparison": "EQUALS"}]})["Findings"][0]["Title"] == one["Title"]
        bearer = {"Authorization": f"Bearer {keys['zenith']['token']}", "Content-Type": "application/json"}
        own = send("POST", server.url + "/api/v1/tenants/zenith/snapshots", bearer, b'{"Findings": []}')
        other = send("POST", server.url + "/api/v1/tenants/acme/snapshots", bearer, b'{"Findings": []}')
        nobody = send("POST", server.url + "/api/v1/tenants/nobody/snapshots", bearer, b'{"Findings": []}')
        assert (own[0], other[0], nobody[0]) == (200, 404, 404)
        assert other[2] == nobody[2]


def test_what_is_not_served_is_said_in_the_dialect(client):
    for operation, arguments in (
        ("update_findings", {"Filters": {}, "RecordState": "ARCHIVED"}),
        ("get_insights", {}),
        ("enable_security_hub", {}),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            getattr(client, operation)(**arguments)
        assert refused.value.response["Error"]["Code"] == "UnknownOperationException"
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
