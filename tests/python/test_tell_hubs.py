"""Decisions made here, told to Security Hub: `posture hub tell` and the function `tell-hubs`. moto has no BatchUpdateFindings, so that one call
is answered before it, in the shapes of botocore's model, upon moto's own findings."""

import json

from aws import ACCOUNT, Refused
from hub import KEYS, MEMBER, REGION, ROLE, fill, told
from lambda_runtime import running
from posture import ROOT, run, serving


def hub_command(hub, verb, data, *arguments):
    """Exit code, what was printed line by line, and what was said."""
    done = run("hub", verb, "--data", data, "--endpoint-url", hub.url, *arguments, **KEYS)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def commits(data):
    exported = run("export", "-", "--data", data)
    assert exported.returncode == 0, exported.stderr
    return json.loads(exported.stdout.splitlines()[-1])["head"]["seq"]


def decide(data, *decisions):
    with serving(data, "--new-key") as server:
        client = server.client()
        for findings, members in decisions:
            named = [{"Id": finding["Id"], "ProductArn": finding["ProductArn"]} for finding in findings]
            done = client.batch_update_findings(FindingIdentifiers=named, **members)
            assert len(done["ProcessedFindings"]) == len(findings), done


def in_hub(client):
    pages = client.get_paginator("get_findings").paginate()
    return {finding["Id"]: finding for page in pages for finding in page["Findings"]}


def test_decisions_reach_the_hub_and_do_not_come_back(hub, tmp_path):
    data = tmp_path / "data"
    findings = [told(number) for number in range(250)]
    fill(hub.client("securityhub"), findings)
    assert hub_command(hub, "sync", data)[0] == 0
    # What is decided before a hub is told for the first time is told to whoever asks for the whole log.
    suppressed, noted = findings[:201], findings[201]
    note = {"Text": "known", "UpdatedBy": "ann"}
    decide(data, *((suppressed[at : at + 100], {"Workflow": {"Status": "SUPPRESSED"}}) for at in range(0, 201, 100)))
    decide(data, ([noted], {"Note": note, "UserDefinedFields": {"team": "cake"}}))
    before = commits(data)
    code, lines, said = hub_command(hub, "tell", data, "--dry-run", "--whole")
    assert code == 0 and len(lines) == 202 and commits(data) == before and not hub.updates, said
    first = {"account_id": ACCOUNT, "region": REGION, "set": {"Workflow": {"Status": "SUPPRESSED"}}}
    assert {name: lines[0][name] for name in first} == first and set(lines[0]["finding"]) == {"Id", "ProductArn"}

    code, (counts,), said = hub_command(hub, "tell", data, "--whole")
    expected = {"told": 202, "unknown": 0, "refused": 0, "untold": [], "done": True}
    assert code == 0 and counts == expected | {"hubs": [{"account_id": ACCOUNT, "region": REGION}]}, (counts, said)
    assert sorted(len(sent["FindingIdentifiers"]) for _, _, sent in hub.updates) == [1, 1, 100, 100]
    known = in_hub(hub.client("securityhub"))
    assert all(known[finding["Id"]]["Workflow"] == {"Status": "SUPPRESSED"} for finding in suppressed)
    assert known[noted["Id"]]["Note"] | note == known[noted["Id"]]["Note"]
    assert known[findings[202]["Id"]]["Workflow"] == {"Status": "NEW"}

    after = commits(data)
    code, (counts,), _ = hub_command(hub, "sync", data, "--whole")
    assert code == 0 and (counts["read"], counts["unchanged"]) == (250, 250), counts
    assert commits(data) == after, "what the hub tells back is what is known"
    assert hub_command(hub, "tell", data, "--dry-run", "--whole")[1] == []
    assert run("verify", "--data", data).returncode == 0

    # Later somebody opens one again in the hub: that holds here, and is not told.
    hub.client("securityhub")
    hub.updates.clear()
    from moto.securityhub.models import securityhub_backends

    (one,) = [f for f in securityhub_backends[ACCOUNT][REGION].findings if f.id == suppressed[0]["Id"]]
    one.data["Workflow"] = {"Status": "NOTIFIED"}
    assert hub_command(hub, "sync", data, "--whole")[1][0]["changed"] == 1
    code, (counts,), _ = hub_command(hub, "tell", data, "--whole")
    assert code == 0 and counts["told"] == 0 and not hub.updates


def test_what_the_hub_refuses_is_told(hub, tmp_path):
    data = tmp_path / "data"
    findings = [told(number) for number in range(3)]
    fill(hub.client("securityhub"), findings)
    hub_command(hub, "sync", data)
    decide(data, (findings, {"Workflow": {"Status": "RESOLVED"}}))

    def deny(operation, region, body):
        if operation == "BatchUpdateFindings":
            raise Refused("AccessDeniedException", "not authorized to perform: securityhub:BatchUpdateFindings")

    hub.refuse = deny
    code, (counts,), said = hub_command(hub, "tell", data, "--whole")
    assert code == 3 and counts["told"] == 0 and "not authorized" in counts["untold"][0]["reason"]
    assert f"{ACCOUNT}/{REGION} could not be told: {counts['untold'][0]['reason']}" in said
    jobs = [json.loads(line) for line in run("jobs", "--data", data).stdout.splitlines()]
    (job,) = [job for job in jobs if job["kind"] == "tell-hubs"]
    assert (job["state"], job["error"]) == ("failed", counts["untold"][0]["reason"])

    throttled = []

    def throttle(operation, region, body):
        if operation == "BatchUpdateFindings" and len(throttled) < 2:
            throttled.append(1)
            raise Refused("TooManyRequestsException", "Rate exceeded")

    hub.refuse = throttle
    # It has kept its place; and a finding that the hub has deleted is passed over.
    from moto.securityhub.models import securityhub_backends

    backend = securityhub_backends[ACCOUNT][REGION]
    backend.findings = [finding for finding in backend.findings if finding.id != findings[0]["Id"]]
    code, (counts,), said = hub_command(hub, "tell", data)
    assert code == 3 and (counts["told"], counts["unknown"], counts["untold"]) == (2, 1, []), (counts, said)
    assert f"{findings[0]['Id']}: FindingNotFound: Finding Not Found" in said
    assert hub_command(hub, "tell", data)[0] == 0


def test_the_function_tells_two_accounts(hub):
    """As Lambda starts it, over moto's DynamoDB, STS and Security Hub."""
    own, member = [told(1)], [told(2, account=MEMBER)]
    fill(hub.client("securityhub"), own)
    fill(hub.member(), member)
    variables = KEYS | {"AWS_ENDPOINT_URL": hub.url, "POSTURE_MASTER": "1:" + "5a" * 32, "POSTURE_MEMBER_ROLES": ROLE}
    place = ["--endpoint-url", hub.url]
    made = run("keys", "create", "--tenant", "default", "--scopes", "admin", "--name", "k", *place, **variables)
    assert made.returncode == 0, made.stderr
    key = json.loads(made.stdout.splitlines()[-1])["key"]
    events = ROOT / "events"
    functions = variables | {"TABLE_NAME": "posture-ledger"}
    with running("synchronise-hubs", **functions) as runtime:
        assert runtime.invoke((events / "synchronise-hubs.json").read_text()).json()["created"] == 2
    event = (events / "tell-hubs.json").read_text()
    with running("tell-hubs", **functions) as runtime:
        assert runtime.invoke(event).json()["told"] == 0, "from now on"
        named = [{"Id": finding["Id"], "ProductArn": finding["ProductArn"]} for finding in own + member]
        sample = json.loads((events / "securityhub-batch-update-findings.json").read_text().replace("TOKEN", key["token"]))
        sample["body"] = json.dumps({"FindingIdentifiers": named, "Workflow": {"Status": "RESOLVED"}})
        with running("securityhub-batch-update-findings", **functions) as updating:
            status, _, body = updating.invoke(json.dumps(sample)).answer()
            assert status == 200 and '"UnprocessedFindings":[]' in body.replace(" ", ""), body
        answer = runtime.invoke(event).json()
        assert answer == {"told": 2, "unknown": 0, "refused": 0, "hubs": 2, "untold": 0, "done": True}
        assert {account for account, _, _ in hub.updates} == {ACCOUNT, MEMBER}
        for client in (hub.client("securityhub"), hub.member()):
            (finding,) = in_hub(client).values()
            assert finding["Workflow"] == {"Status": "RESOLVED"}
        assert runtime.invoke(event).json()["told"] == 0 and len(hub.updates) == 2
