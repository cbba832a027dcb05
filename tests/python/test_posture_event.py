"""`posture event` with the sample events (DESIGN 7)."""

import json

import pytest

from posture import ROOT, run


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    data = tmp_path_factory.mktemp("event") / "data"
    made = run("keys", "create", "--data", data, "--tenant", "default", "--scopes", "admin")
    return data, json.loads(made.stdout)["key"]["token"]


def hand(store, function, *arguments):
    return run("event", function, ROOT / "events" / f"{function}.json", "--data", store[0], *arguments)


@pytest.mark.parametrize("function", ["securityhub-get-findings", "datadog-list-findings", "bitdefender-get-checks", "list-jobs"])
def test_a_refusal_is_printed_and_ends_with_1(store, function):
    refused = hand(store, function)
    assert refused.returncode == 1 and json.loads(refused.stdout)["statusCode"] in (401, 403), refused.stdout
    answered = hand(store, function, "--token", store[1])
    assert answered.returncode == 0 and json.loads(answered.stdout)["statusCode"] == 200, answered.stdout


def test_a_schedule_takes_no_token(store):
    assert hand(store, "record-expiries").returncode == 0
    done = hand(store, "record-expiries", "--token", store[1])
    assert done.returncode == 2 and "--token" in done.stderr
