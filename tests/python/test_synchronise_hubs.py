"""Security Hub, by moto, into the ledger: `posture hub sync` and the function `synchronise-hubs`, undisturbed, throttled, killed and denied."""

import json
import subprocess

from aws import ACCOUNT, Refused
from hub import KEYS, MEMBER, REGION, REGIONS, ROLE, fill, told
from lambda_runtime import running
from posture import PROGRAM, ROOT, environment, run, serving


def sync(hub, data, *arguments, **more):
    """Exit code, the last line, and what was said."""
    done = run("hub", "sync", "--data", data, "--endpoint-url", hub.url, *arguments, **KEYS, **more)
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def stored(data):
    """Every finding as it is known, and how many commits there are."""
    with serving(data, "--new-key") as server:
        pages = server.client().get_paginator("get_findings").paginate()
        found = [finding for page in pages for finding in page["Findings"]]
        history = {}
        for one in found[:5]:
            named = {"Id": one["Id"], "ProductArn": one["ProductArn"]}
            history[one["Id"]] = len(server.client().get_finding_history(FindingIdentifier=named)["Records"])
    by_id = {one["Id"]: one for one in found}
    assert len(by_id) == len(found), "a finding is there twice"
    exported = run("export", "-", "--data", data)
    assert exported.returncode == 0, exported.stderr
    return by_id, history, json.loads(exported.stdout.splitlines()[-1])["head"]["seq"]


def test_five_thousand_findings_arrive_once_and_a_repeat_changes_nothing(hub, tmp_path):
    data = tmp_path / "data"
    findings = [told(number, compliance="FAILED" if number % 3 else "PASSED") for number in range(5000)]
    fill(hub.client("securityhub"), findings)
    code, counts, said = sync(hub, data)
    expected = {"read": 5000, "created": 5000, "changed": 0, "unchanged": 0, "rejected": 0, "unread": [], "done": True}
    assert code == 0 and counts == expected | {"hubs": [{"account_id": ACCOUNT, "region": REGION}]}, (counts, said)
    assert len(hub.pages) == 50 and all(body["MaxResults"] == 100 for _, body in hub.pages)
    known, history, commits = stored(data)
    assert set(known) == {finding["Id"] for finding in findings} and set(history.values()) == {1}
    first = findings[0]
    assert {name: known[first["Id"]][name] for name in first} == first

    code, counts, _ = sync(hub, data, "--whole")
    assert code == 0 and counts == expected | {"created": 0, "unchanged": 5000, "hubs": counts["hubs"]}
    assert stored(data) == (known, history, commits)


def test_a_store_that_is_made_is_said(hub, tmp_path):
    fill(hub.client("securityhub"), [told(1)])
    code, counts, said = sync(hub, tmp_path / "mistyped")
    assert (code, counts["created"]) == (0, 1)
    assert f"no store in the folder {tmp_path / 'mistyped'}" in said, "a wrong name makes one as well"
    assert "no store" not in sync(hub, tmp_path / "mistyped")[2]


def test_a_throttled_and_killed_run_ends_as_an_undisturbed_one(hub, tmp_path):
    fill(hub.client("securityhub"), [told(number) for number in range(850)])
    assert sync(hub, tmp_path / "undisturbed")[0] == 0
    undisturbed = stored(tmp_path / "undisturbed")

    data, killed, throttled = tmp_path / "data", [], []
    hub.pages.clear()

    def refuse(operation, region, body):
        # One request is refused, and then more than the attempts of one.
        number = len(hub.pages)
        if operation != "GetFindings":
            return
        if number == 3 or 9 <= number <= 13:
            throttled.append(number)
            raise Refused("TooManyRequestsException", "Rate exceeded")
        if number in (5, 7, 15) and number not in killed:
            killed.append(number)
            process.kill()

    hub.refuse = refuse
    command = [str(PROGRAM), "hub", "sync", "--data", str(data), "--endpoint-url", hub.url]
    ends = []
    while len(ends) < 10 and (not ends or ends[-1] < 0):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(**KEYS))
        told_counts, _ = process.communicate(timeout=120)
        ends.append(process.returncode)
    assert len(killed) == 3 and throttled == [3, 9, 10, 11, 12, 13] and ends[-1] == 0, (ends, killed, throttled)
    assert stored(data)[:2] == undisturbed[:2]
    # It went on where it was: the last run has not read everything.
    assert json.loads(told_counts)["read"] < 850, told_counts


def test_what_cannot_be_read_is_told_and_the_rest_is_read(hub, tmp_path):
    data = tmp_path / "data"
    for region in REGIONS:
        fill(hub.client("securityhub", region), [told(number, region) for number in range(3)])
    regions = [word for region in REGIONS for word in ("--region", region)]
    assert sync(hub, data, *regions)[1]["created"] == 9
    before = stored(data)

    def refuse(operation, region, body):
        if (operation, region) == ("GetFindings", "ap-south-1"):
            raise Refused("AccessDeniedException", "User is not authorized to perform: securityhub:GetFindings")
        if (operation, region) == ("GetFindings", "us-east-1"):
            raise Refused("InvalidAccessException", f"Account {ACCOUNT} is not subscribed to AWS Security Hub")

    hub.refuse = refuse
    code, counts, said = sync(hub, data, *regions, "--whole")
    assert code == 3 and counts["hubs"] == [{"account_id": ACCOUNT, "region": REGION}]
    reasons = {unread["region"]: unread["reason"] for unread in counts["unread"]}
    for region in ("ap-south-1", "us-east-1"):
        assert f"{ACCOUNT}/{region} could not be read: {reasons[region]}" in said, said
    assert "not authorized" in reasons["ap-south-1"] and "not subscribed" in reasons["us-east-1"]
    assert stored(data) == before, "what cannot be read stays as it was"
    jobs = [json.loads(line) for line in run("jobs", "--data", data).stdout.splitlines()]
    states = {job["region"]: (job["state"], job["error"]) for job in jobs if job["kind"] == "synchronise-hubs"}
    assert states[REGION] == ("done", None) and states["us-east-1"] == ("failed", reasons["us-east-1"])


def test_a_token_that_grew_old_begins_the_hub_anew(hub, tmp_path):
    data = tmp_path / "data"
    fill(hub.client("securityhub"), [told(number) for number in range(450)])
    old = []

    def refuse(operation, region, body):
        if "NextToken" in body and len(hub.pages) == 4:
            old.append(body["NextToken"])
            raise Refused("InvalidInputException", "Invalid NextToken: token has expired")

    hub.refuse = refuse
    code, counts, said = sync(hub, data)
    assert code == 0 and (counts["created"], counts["read"], len(old)) == (450, 750, 1), (counts, said)
    assert len(stored(data)[0]) == 450


def test_a_member_account_is_read_with_its_role(hub, tmp_path):
    data = tmp_path / "data"
    fill(hub.client("securityhub"), [told(1)])
    fill(hub.member(), [told(number, account=MEMBER) for number in range(150)])
    code, counts, said = sync(hub, data, "--role", ROLE, "--external-id", "secret-between-us")
    assert code == 0 and counts["created"] == 151, (counts, said)
    assert [read["account_id"] for read in counts["hubs"]] == [ACCOUNT, MEMBER]
    assumed = [form for operation, form in hub.calls if operation == "AssumeRole"]
    assert assumed and all(form["ExternalId"] == ["secret-between-us"] and form["RoleArn"] == [ROLE] for form in assumed)

    # A role that may not be taken on says so, and one's own hub is read.
    def refuse(operation, region, body):
        if operation == "AssumeRole":
            raise Refused("AccessDenied", "not authorized to perform: sts:AssumeRole")

    hub.refuse = refuse
    code, counts, _ = sync(hub, data, "--role", ROLE)
    assert code == 3 and [read["account_id"] for read in counts["hubs"]] == [ACCOUNT]
    assert [(unread["account_id"], "sts:AssumeRole" in unread["reason"]) for unread in counts["unread"]] == [(MEMBER, True)]
    wrong = run("hub", "sync", "--data", data, "--role", "arn:aws:iam::1:user/x", **KEYS)
    assert wrong.returncode == 2 and "role" in wrong.stderr


def test_the_function_reads_what_is_due(hub, tmp_path):
    """As Lambda starts it, over moto's DynamoDB, STS and Security Hub."""
    fill(hub.client("securityhub"), [told(number) for number in range(120)])
    fill(hub.member(), [told(number, account=MEMBER) for number in range(3)])
    variables = KEYS | {"AWS_ENDPOINT_URL": hub.url, "POSTURE_MASTER": "1:" + "5a" * 32, "POSTURE_MEMBER_ROLES": ROLE}
    place = ["--endpoint-url", hub.url]
    made = run("keys", "create", "--tenant", "default", "--scopes", "admin", "--name", "k", *place, **variables)
    assert made.returncode == 0, made.stderr
    event = (ROOT / "events" / "synchronise-hubs.json").read_text()
    with running("synchronise-hubs", **variables, TABLE_NAME="posture-ledger") as runtime:
        first = runtime.invoke(event).json()
        assert first == {"read": 123, "created": 123, "changed": 0, "rejected": 0, "hubs": 2, "unread": 0, "done": True}
        asked = len(hub.pages)
        again = runtime.invoke(event).json()
        assert (again["read"], again["done"], len(hub.pages)) == (0, True, asked), "nothing is due"
