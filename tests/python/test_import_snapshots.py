"""POST /api/v1/tenants/{tenantID}/snapshots: what the hub itself says of its findings (DESIGN 7)."""

import json

from findings import PRODUCT, find, finding, history
from posture import ROOT
from raw import send


def snapshots(server, body, token=None, tenant="default"):
    headers = {"Authorization": f"Bearer {token or server.key['token']}", "Content-Type": "application/json"}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send("POST", f"{server.url}/api/v1/tenants/{tenant}/snapshots", headers, data)


def event(*findings, time="2026-03-02T06:00:10Z"):
    return {
        "version": "0",
        "id": "0f1e2d3c-0000-4000-8000-000000000001",
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "account": "210987654321",
        "time": time,
        "region": "eu-west-1",
        "resources": [f"{one['ProductArn']}/{one['Id']}" for one in findings],
        "detail": {"findings": list(findings)},
    }


def test_a_snapshot_is_applied_whole(server, client):
    note = {"Text": "seen", "UpdatedBy": "amara", "UpdatedAt": "2026-03-02T06:00:05Z"}
    one = finding(Workflow={"Status": "NOTIFIED"}, Note=note, VerificationState="TRUE_POSITIVE", UserDefinedFields={"a": "b"})
    status, _, body = snapshots(server, event(one))
    assert (status, body["received"], body["created"]) == (200, 1, 1), body
    found = find(client, one)
    for member in ("Workflow", "Note", "VerificationState", "UserDefinedFields"):
        assert found[member] == one[member], member
    assert history(client, one)[0]["UpdateSource"] == {"Type": "BATCH_IMPORT_FINDINGS", "Identity": PRODUCT}


def test_order_and_repetition_do_not_matter(server, client):
    one = finding(Workflow={"Status": "NEW"})
    early = event(one, time="2026-03-02T06:00:10Z")
    # The hub's own BatchUpdateFindings leaves UpdatedAt alone, so the envelope's time decides.
    late = event(one | {"Workflow": {"Status": "NOTIFIED"}}, time="2026-03-02T06:05:00Z")
    for body in (early, late, late, early):
        assert snapshots(server, body)[0] == 200
    assert find(client, one)["Workflow"]["Status"] == "NOTIFIED"
    update, creation = history(client, one)
    assert creation["FindingCreated"]
    assert update["UpdateSource"]["Type"] == "BATCH_UPDATE_FINDINGS"


def test_a_decision_made_here_stands_until_the_hub_moves(server, client):
    one = finding(Workflow={"Status": "NEW"})
    snapshots(server, event(one, time="2026-03-02T06:00:10Z"))
    named = [{"Id": one["Id"], "ProductArn": PRODUCT}]
    client.batch_update_findings(FindingIdentifiers=named, Workflow={"Status": "SUPPRESSED"})
    same = one | {"UpdatedAt": "2026-03-03T06:00:00Z", "Title": "still public"}
    snapshots(server, event(same, time="2026-03-03T06:00:10Z"))
    assert find(client, one)["Workflow"]["Status"] == "SUPPRESSED"
    moved = same | {"Workflow": {"Status": "RESOLVED"}, "UpdatedAt": "2026-03-04T06:00:00Z"}
    snapshots(server, event(moved, time="2026-03-04T06:00:10Z"))
    assert find(client, one)["Workflow"]["Status"] == "RESOLVED"


def test_every_record_is_accounted_for(server):
    # Of the hub's own state only what cannot be placed is refused.
    good, bad = finding(), finding(UpdatedAt="yesterday")
    status, _, body = snapshots(server, [event(good, bad), event(good)])
    assert status == 200
    counts = {name: body[name] for name in ("received", "created", "changed", "unchanged", "rejected")}
    assert counts == {"received": 3, "created": 1, "changed": 0, "unchanged": 1, "rejected": 1}, body
    assert "UpdatedAt" in json.dumps(body)


def test_refusals_have_our_own_shape(server):
    for body in (b"{", b"7", b'{"detail": {}}', b'{"Findings": 7}'):
        status, _, answer = snapshots(server, body)
        assert status == 400 and answer, body
    assert snapshots(server, {"Findings": []}, token="nonsense")[0] in (401, 403)
    assert snapshots(server, {"Findings": []}, tenant="nobody")[0] == 404


def test_the_sample_event_is_taken(server):
    sample = json.loads((ROOT / "events" / "import-snapshots.json").read_text())
    assert snapshots(server, sample["body"].encode())[0] == 200
