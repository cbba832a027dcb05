"""What Prowler does with a hub, call by call, with its client (CONTRACTS 6)."""

import json

from findings import finding
from posture import REGION, run, serving

ACCOUNT = "123456789012"


def scan(hour, resources):
    """A scan's findings: all its timestamps are that of the scan, as Prowler writes them."""
    at = f"2026-03-02T{hour:02}:00:00Z"
    return [
        finding(
            f"prowler-bucket_public-{ACCOUNT}-{REGION}-{name}",
            at=at,
            FirstObservedAt=at,
            AwsAccountId=ACCOUNT,
            ProductFields={"ProviderName": "Prowler", "ProviderVersion": "5.46.0", "ProwlerResourceName": name},
            Compliance={"Status": "PASSED" if name.startswith("good") else "FAILED", "RelatedRequirements": ["CIS 2.1"]},
        )
        for name in resources
    ]


def in_hundreds(findings):
    return [findings[n : n + 100] for n in range(0, len(findings), 100)]


def active(client):
    filters = {
        "ProductName": [{"Value": "Prowler", "Comparison": "EQUALS"}],
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        "AwsAccountId": [{"Value": ACCOUNT, "Comparison": "EQUALS"}],
        "Region": [{"Value": REGION, "Comparison": "EQUALS"}],
    }
    pages = client.get_paginator("get_findings").paginate(Filters=filters, PaginationConfig={"PageSize": 100})
    return [found for page in pages for found in page["Findings"]]


def push(client, scanned):
    """Sends a scan, then archives what was there and is not in it. Returns how many were archived."""
    client.describe_hub()
    enabled = client.list_enabled_products_for_import()["ProductSubscriptions"]
    assert f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product-subscription/prowler/prowler" in enabled
    for batch in in_hundreds(scanned):
        answer = client.batch_import_findings(Findings=batch)
        assert (answer["SuccessCount"], answer["FailedCount"]) == (len(batch), 0), answer
    names = {one["Id"] for one in scanned}
    gone = [found for found in active(client) if found["Id"] not in names]
    for found in gone:
        found["RecordState"] = "ARCHIVED"
        found["UpdatedAt"] = scanned[0]["UpdatedAt"]
    for batch in in_hundreds(gone):
        answer = client.batch_import_findings(Findings=batch)
        assert (answer["SuccessCount"], answer["FailedCount"]) == (len(batch), 0), answer
    return len(gone)


def test_two_scans(tmp_path):
    arguments = ["--tenant", "default", "--scopes", "findings:read,findings:import", "--accounts", ACCOUNT]
    key = json.loads(run("keys", "create", "--data", tmp_path, *arguments).stdout)["key"]
    with serving(tmp_path) as server:
        client = server.client(key)
        first = [f"bad-{n}" for n in range(120)] + [f"good-{n}" for n in range(30)]
        assert push(client, scan(6, first)) == 0
        assert len(active(client)) == 150
        # The next scan: twenty resources are gone, two are new.
        second = first[20:] + ["bad-new", "good-new"]
        assert push(client, scan(7, second)) == 20
        found = active(client)
        assert {one["Id"].rsplit(f"{REGION}-")[1] for one in found} == set(second)
        assert all(one["UpdatedAt"] == "2026-03-02T07:00:00Z" for one in found), "what moves on each scan is as sent last"
        # Nothing but the timestamps moved on those that stayed.
        stayed = next(one for one in found if one["Id"].endswith("-bad-50"))
        identifier = {"Id": stayed["Id"], "ProductArn": stayed["ProductArn"]}
        assert len(client.get_finding_history(FindingIdentifier=identifier)["Records"]) == 1
        gone = {"Id": stayed["Id"].replace("-bad-50", "-bad-0"), "ProductArn": stayed["ProductArn"]}
        archived, created = client.get_finding_history(FindingIdentifier=gone)["Records"]
        assert created["FindingCreated"]
        assert archived["Updates"] == [{"UpdatedField": "RecordState", "OldValue": "ACTIVE", "NewValue": "ARCHIVED"}]
