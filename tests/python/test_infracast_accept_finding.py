"""POST …/findings/{findingID}/accept, and the end of what it accepts, on servers whose clocks are set (DESIGN 2)."""

import urllib3

from datadog import api
from findings import finding
from posture import serving

DOCUMENT = {
    "justification": "Legacy jump server. Compensating control: isolated legacy VLAN.",
    "review_date": "2031-09-30",
    "approved_by": "ciso@company.com",
}


def send(server, token, method, path, body=None):
    url = f"{server.url}/api/v1/tenants/{server.ready['tenant']}{path}"
    answer = urllib3.PoolManager(retries=False).request(method, url, json=body, headers={"Authorization": f"Bearer {token}"})
    return answer.status, answer.json()


def shown(server, key, uid, client):
    """The finding's status in each dialect, the number of open ones, and the score."""
    _, one = send(server, key["token"], "GET", f"/findings/{uid}")
    _, summary = send(server, key["token"], "GET", "/compliance/summary?framework=cis-aws")
    _, listed = send(server, key["token"], "GET", "/findings")
    check = urllib3.PoolManager(retries=False).request(
        "GET", f"{server.url}/v1/cspm/checks/{uid}", headers={"x-api-key": key["token"]}
    )
    muted = api(server, key=key).get_finding(finding_id=uid).data.attributes.mute.muted
    hub = client.get_findings(Filters={"Id": [{"Value": "one", "Comparison": "EQUALS"}]})["Findings"][0]
    status = check.json()["data"]["attributes"]["status"]
    return [one["status"], status, muted, hub["Workflow"]["Status"], listed["total"], summary["overall_score"]]


def test_it_ends_with_its_day_in_every_dialect(tmp_path):
    mapped = {"Status": "FAILED", "RelatedRequirements": ["CIS-3.0 2.1.4"]}
    passing = finding("two", Compliance={"Status": "PASSED", "RelatedRequirements": ["CIS-3.0 2.1.1"]})
    with serving(tmp_path, "--clock", "2031-09-01T12:00:00Z") as server:
        key = server.key
        server.client().batch_import_findings(Findings=[finding("one", Compliance=mapped), passing])
        _, listed = send(server, key["token"], "GET", "/findings")
        uid = listed["items"][0]["uid"]
        assert shown(server, key, uid, server.client()) == ["open", "open", False, "NEW", 1, 50]
        status, accepted = send(server, key["token"], "POST", f"/findings/{uid}/accept", DOCUMENT)
        assert (status, accepted["status"]) == (200, "accepted")
        assert accepted["acceptance"].items() >= DOCUMENT.items()
        assert shown(server, key, uid, server.client()) == ["accepted", "risk_accepted", True, "SUPPRESSED", 0, 100]
        status, refused = send(server, key["token"], "POST", f"/findings/{uid}/accept", DOCUMENT | {"review_date": "2031-08-31"})
        assert (status, refused["error"]["code"]) == (400, "BAD_REQUEST")
    with serving(tmp_path, "--clock", "2031-09-30T23:58:00Z") as server:
        client = server.client(key)
        assert shown(server, key, uid, client) == ["accepted", "risk_accepted", True, "SUPPRESSED", 0, 100]
    with serving(tmp_path, "--clock", "2031-10-01T00:00:01Z") as server:
        client = server.client(key)
        assert shown(server, key, uid, client) == ["open", "needs_review", False, "NOTIFIED", 1, 50]
        _, before = send(server, key["token"], "GET", f"/findings/{uid}?as_of=2031-09-30T23:59:59.999Z")
        assert (before["status"], before["acceptance"]["approved_by"]) == ("accepted", "ciso@company.com")
