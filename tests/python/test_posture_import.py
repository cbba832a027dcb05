"""`posture import` and `posture serve` as people use them, with the sample reports (DESIGN 7)."""

import json
import random

import pytest

from findings import finding
from posture import ROOT, Server, run, serving

MONDAY, TUESDAY = (ROOT / "samples" / f"{day}.asff.json" for day in ("monday", "tuesday"))


def load(server, *arguments, stdin=None):
    """Exit code and the counts of the last line."""
    to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
    done = run("import", *arguments, stdin=stdin, **to)
    assert done.returncode in (0, 3), done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts["received"] == sum(counts[part] for part in ("created", "changed", "unchanged", "rejected"))
    return done.returncode, counts


def story(client):
    """State and history of every finding, without the instants at which the ledger took them."""
    whole = {}
    for page in client.get_paginator("get_findings").paginate():
        for one in page["Findings"]:
            named = {"Id": one["Id"], "ProductArn": one["ProductArn"]}
            records = client.get_finding_history(FindingIdentifier=named)["Records"]
            whole[one["Id"]] = (one, [{k: v for k, v in record.items() if k != "UpdateTime"} for record in records])
    return whole


def test_the_same_report_three_times_is_as_good_as_once(tmp_path):
    with serving() as server:
        reported = json.loads(MONDAY.read_text())
        assert load(server, MONDAY) == (0, {"received": 43, "created": 43, "changed": 0, "unchanged": 0, "rejected": 0})
        once = story(server.client())
        for seed in (1, 2):
            random.Random(seed).shuffle(reported)
            shuffled = tmp_path / "shuffled.json"
            shuffled.write_text(json.dumps({"Findings": reported}))
            assert load(server, shuffled)[1]["unchanged"] == 43
        assert story(server.client()) == once


def test_the_next_day_changes_what_changed(server):
    load(server, MONDAY)
    _, counts = load(server, TUESDAY)
    assert (counts["received"], counts["created"], counts["rejected"]) == (44, 1, 0)
    assert 0 < counts["changed"] < 43 and counts["unchanged"] > 0
    gone = {"RecordState": [{"Value": "ARCHIVED", "Comparison": "EQUALS"}]}
    assert server.client().get_findings(Filters=gone)["Findings"]


def test_rejects_are_named_and_the_exit_code_says_so(server, tmp_path):
    rejects = tmp_path / "rejects"
    batch = [finding(), finding("bad-1", Compliance={"Status": "BROKEN"}), finding("bad-2", Title=None)]
    code, counts = load(server, "-", "--rejects", rejects, stdin="\n".join(map(json.dumps, batch)))
    assert code == 3
    assert (counts["created"], counts["rejected"]) == (1, 2)
    named = rejects.read_text()
    assert len(named.splitlines()) == 2 and "bad-1" in named and "Compliance.Status" in named and "Title" in named


def test_envelopes_become_snapshots():
    sample = json.loads((ROOT / "events" / "import-snapshots.json").read_text())["body"]
    with serving() as server:
        assert load(server, "-", stdin=sample)[1]["created"] == 1
        assert load(server, "-", stdin=sample)[1]["unchanged"] == 1


def test_what_the_key_may_not_set_is_left_out_and_said(tmp_path):
    sample = json.loads((ROOT / "events" / "import-snapshots.json").read_text())["body"]
    scopes = ("--scopes", "findings:import", "--name", "importer")
    key = json.loads(run("keys", "create", "--data", tmp_path, "--tenant", "default", *scopes).stdout)["key"]
    with serving(tmp_path) as server:
        done = run("import", "-", stdin=sample, POSTURE_URL=server.url, POSTURE_TOKEN=key["token"])
    assert done.returncode == 0 and json.loads(done.stdout.splitlines()[-1])["created"] == 1
    assert "findings:write" in done.stderr


def test_usage_and_failures_have_their_codes(server):
    assert run("import").returncode == 2
    assert run("nonsense").returncode == 2
    to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
    missing = run("import", "no-such-file", **to)
    assert missing.returncode == 1 and "no-such-file" in missing.stderr
    denied = run("import", MONDAY, POSTURE_URL=server.url, POSTURE_TOKEN=server.key["token"][:-1] + "x")
    assert denied.returncode == 1 and denied.stdout == ""


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_what_was_acknowledged_survives(tmp_path, ending):
    first = Server(tmp_path)
    key = first.key
    try:
        first.client().batch_import_findings(Findings=[finding("kept")])
        second = run("serve", "--listen", "127.0.0.1:0", "--data", tmp_path)
        assert second.returncode == 1 and str(tmp_path) in second.stderr, "one process to a folder"
    finally:
        if ending == "kill":
            first.kill()
        assert first.stop() in (0, -9)
    with serving(tmp_path) as again:
        found = again.client(key).get_findings()["Findings"]
        assert [one["Id"] for one in found] == ["kept"]
