"""`posture import` and `posture serve` as people use them, with the sample reports (DESIGN 7)."""

import contextlib
import gzip
import http.server
import json
import random
import threading
import time

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


def test_rejects_can_be_mended_and_imported(server, tmp_path):
    rejects, mended = tmp_path / "rejects", tmp_path / "mended"
    batch = [finding("mend-1", Compliance={"Status": "BROKEN"}), finding("mend-2", Title=None)]
    assert load(server, "-", "--rejects", rejects, stdin=json.dumps(batch))[0] == 3
    assert rejects.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    for line in lines:
        line["record"] |= {"Title": "mended", "Compliance": {"Status": "FAILED"}}
    mended.write_text("\n".join(map(json.dumps, lines)))
    assert load(server, mended)[1]["created"] == 2


def test_the_old_rejects_stay_until_there_are_new_ones(server, tmp_path):
    rejects, report = tmp_path / "rejects", tmp_path / "report"
    rejects.write_text("kept")
    report.write_text(json.dumps([finding()]))
    to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
    assert run("import", tmp_path / "missing", "--rejects", rejects, **to).returncode == 1
    assert run("import", report, "--rejects", rejects, **to | {"POSTURE_TOKEN": to["POSTURE_TOKEN"][:-1] + "x"}).returncode == 1
    assert rejects.read_text() == "kept"
    itself = run("import", report, "--rejects", tmp_path / "." / "report", **to)
    assert itself.returncode == 2 and "--rejects" in itself.stderr
    assert json.loads(report.read_text())
    assert load(server, report, "--rejects", rejects)[0] == 0
    assert rejects.read_text() == ""
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("content", "said"), [(gzip.compress(b"[]"), "gunzip -c"), (b"", "is empty"), (b"\x7fELF\0", "is binary"), (b"<xml/>", "is not JSON")]
)
def test_a_file_that_is_none_is_called_what_it_is(server, tmp_path, content, said):
    file = tmp_path / "report"
    file.write_bytes(content)
    done = run("import", file, POSTURE_URL=server.url, POSTURE_TOKEN=server.key["token"])
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr and "expected are findings in ASFF" in done.stderr


class Scripted(http.server.BaseHTTPRequestHandler):
    """Answers each request with the next of `answers`: a status, and the seconds of Retry-After."""

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))["Findings"]
        status, seconds = self.server.answers.pop(0)
        body = json.dumps({"FailedCount": 0, "SuccessCount": len(sent), "FailedFindings": []}).encode()
        counts = {"received": len(sent), "created": len(sent), "changed": 0, "unchanged": 0, "rejected": 0}
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("x-posture-outcomes", json.dumps(counts))
        if seconds is not None:
            self.send_header("retry-after", str(seconds))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def scripted(answers):
    server = http.server.HTTPServer(("127.0.0.1", 0), Scripted)
    server.answers = answers
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_that_says_when_is_asked_again_then(server):
    report = json.dumps([finding()])
    with scripted([(429, 3), (200, None)]) as url:
        began = time.monotonic()
        done = run("import", "-", stdin=report, POSTURE_URL=url, POSTURE_TOKEN=server.key["token"])
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - began >= 3
    with scripted([(429, 0)] * 20 + [(200, None)]) as url:
        done = run("import", "-", stdin=report, POSTURE_URL=url, POSTURE_TOKEN=server.key["token"])
        assert done.returncode == 0, "to be told to wait is no failure"


def test_an_import_that_ends_in_the_middle_counts_what_was_answered(server, tmp_path):
    rejects = tmp_path / "rejects"
    report = json.dumps([finding(f"middle-{n}") for n in range(150)])
    with scripted([(200, None), (429, 301)]) as url:
        to = {"POSTURE_URL": url, "POSTURE_TOKEN": server.key["token"]}
        done = run("import", "-", "--rejects", rejects, stdin=report, **to)
    assert done.returncode == 1
    counts = json.loads(done.stdout.splitlines()[-1])
    assert counts == {"received": 100, "created": 100, "changed": 0, "unchanged": 0, "rejected": 0}
    assert "429" in done.stderr and "100 of 150" in done.stderr and "safe" in done.stderr
    assert rejects.read_text() == ""


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
