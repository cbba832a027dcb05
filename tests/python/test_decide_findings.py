"""One decision about more findings than a request can wait for, over HTTP."""

import json
import urllib.request

import posture_ledger

from findings import finding
from posture import run, serving

MANY = 1_200
ASKED = {"decision": "accept", "justification": "Known", "review_date": "2099-12-31", "filter": {"status": "open"}}


def ask(url, token, method, path, body=None):
    """The status and body of an answer; a decision bears a key of its own."""
    request = urllib.request.Request(
        url + "/api/v1/tenants/default" + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + token, "Content-Type": "application/json", "Idempotency-Key": "many"},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.status, json.load(answer)


def accept_many(server):
    """Imports many findings and accepts all of them; the job that this is."""
    report = {"Findings": [finding(f"many-{number}") for number in range(MANY)]}
    to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
    assert run("import", "-", stdin=json.dumps(report), **to).returncode == 0
    status, job = ask(server.url, server.key["token"], "POST", "/findings/decisions", ASKED)
    assert (status, job["kind"], job["counts"]["total"]) == (202, "decision", MANY)
    return job["job_id"]


def check_done(url, token, job_id, timeout=60):
    """Waits for the job, and looks at what it left behind."""
    with posture_ledger.Client(url, token) as client:
        done = client.jobs.wait(tenant="default", job_id=job_id, timeout=timeout, every=0.2)
        assert (done.kind, done.status, done.error) == ("decision", "done", None)
        assert done.counts == {"total": MANY, "changed": MANY, "unchanged": 0, "left": 0, "not_done": 0}
        assert client.findings.list(tenant="default", status="accepted").total == MANY
        assert client.findings.list(tenant="default").total == 0
        assert done in list(client.jobs.list(tenant="default"))
    status, again = ask(url, token, "POST", "/findings/decisions", ASKED)
    assert (status, again["job_id"]) == (202, job_id)
    decisions, cursor = [], ""
    while cursor is not None:
        _, page = ask(url, token, "GET", f"/audit-log?limit=100{cursor}")
        decisions += [row["uid"] for row in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert len(decisions) == len(set(decisions)) == MANY, "once each"


def test_a_filter_that_selects_many_is_a_job():
    with serving() as server:
        job_id = accept_many(server)
        check_done(server.url, server.key["token"], job_id)
        to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
        shown = [json.loads(line) for line in run("jobs", **to).stdout.splitlines()]
        assert [job["counts"]["changed"] for job in shown if job["kind"] == "decision"] == [MANY]
