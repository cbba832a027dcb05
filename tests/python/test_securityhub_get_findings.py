"""POST /findings: GetFindings, by a stock client (CONTRACTS 1.1, 1.9)."""

import botocore.exceptions
import pytest

from findings import finding
from posture import serving
from raw import call

EQUALS = "EQUALS"


def text(value, comparison=EQUALS):
    return [{"Value": value, "Comparison": comparison}]


@pytest.fixture(scope="module")
def stored(client):
    """Thirty findings that differ in what the filters below look at."""
    severities = ["LOW", "MEDIUM", "HIGH", "CRITICAL", "INFORMATIONAL"]
    batch = [
        finding(
            f"bucket-{n:02}",
            at=f"2026-03-{1 + n:02}T06:00:00Z",
            Severity={"Label": severities[n % 5]},
            Title=f"Check {n % 3}",
            Confidence=n,
            Sample=n % 2 == 0,
            Compliance={"Status": "PASSED" if n % 4 == 0 else "FAILED"},
            Network={"SourceIpV4": f"192.0.2.{n}"},
            Description=f"Number {n} of the forest",
        )
        for n in range(30)
    ]
    for n, one in enumerate(batch):
        one["Resources"][0]["Tags"] = {"team": "shop" if n % 3 else "warehouse"}
    client.batch_import_findings(Findings=batch)
    return batch


def ids(client, **arguments):
    pages = client.get_paginator("get_findings").paginate(**arguments)
    return [found["Id"] for page in pages for found in page["Findings"]]


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({}, lambda n: True),
        ({"Id": text("bucket-07")}, lambda n: n == 7),
        ({"Id": text("bucket-0", "PREFIX")}, lambda n: n < 10),
        ({"Id": text("bucket-0", "PREFIX") + text("bucket-29")}, lambda n: n < 10 or n == 29),
        ({"Id": text("bucket-0", "PREFIX_NOT_EQUALS")}, lambda n: n >= 10),
        ({"Id": text("bucket-01", "NOT_EQUALS") + text("bucket-02", "NOT_EQUALS")}, lambda n: n not in (1, 2)),
        ({"Title": text("eck 2", "CONTAINS")}, lambda n: n % 3 == 2),
        ({"Title": text("eck 2", "NOT_CONTAINS")}, lambda n: n % 3 != 2),
        ({"Title": text("check 2")}, lambda n: False),
        ({"SeverityLabel": text("HIGH") + text("CRITICAL")}, lambda n: n % 5 in (2, 3)),
        ({"ComplianceStatus": text("PASSED"), "SeverityLabel": text("LOW")}, lambda n: n % 4 == 0 and n % 5 == 0),
        ({"Confidence": [{"Gte": 10, "Lte": 12}]}, lambda n: 10 <= n <= 12),
        ({"Confidence": [{"Eq": 3}, {"Eq": 4}]}, lambda n: n in (3, 4)),
        ({"Sample": [{"Value": True}]}, lambda n: n % 2 == 0),
        ({"UpdatedAt": [{"Start": "2026-03-05T00:00:00Z", "End": "2026-03-07T23:59:59Z"}]}, lambda n: 4 <= n <= 6),
        ({"ResourceTags": [{"Key": "team", "Value": "warehouse", "Comparison": EQUALS}]}, lambda n: n % 3 == 0),
        ({"ResourceTags": [{"Key": "team", "Value": "shop", "Comparison": "NOT_EQUALS"}]}, lambda n: n % 3 == 0),
        ({"NetworkSourceIpV4": [{"Cidr": "192.0.2.8/30"}]}, lambda n: 8 <= n <= 11),
        ({"Keyword": [{"Value": "forest"}]}, lambda n: True),
        ({"ProductName": text("Prowler"), "RecordState": text("ACTIVE")}, lambda n: True),
        ({"ProductName": text("Somebody")}, lambda n: False),
        ({"Region": text("eu-west-1"), "ResourceType": text("AwsS3Bucket")}, lambda n: True),
        ({"ResourceId": text("arn:aws:s3:::bucket-11")}, lambda n: n == 11),
        ({"WorkflowStatus": text("NEW")}, lambda n: True),
    ],
)
def test_filters_select_what_they_say(client, stored, filters, wanted):
    assert set(ids(client, Filters=filters)) == {f"bucket-{n:02}" for n in range(30) if wanted(n)}


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_in_order_have_each_finding_once(client, stored, order, size):
    criteria = [{"Field": "UpdatedAt", "SortOrder": order}]
    found = ids(client, SortCriteria=criteria, PaginationConfig={"PageSize": size})
    assert found == sorted((one["Id"] for one in stored), reverse=order == "desc")


def test_pages_stay_as_they_were_while_findings_arrive():
    with serving() as server:
        client = server.client()
        early = [finding(f"bucket-{n:02}") for n in range(30)]
        client.batch_import_findings(Findings=early)
        order = {"SortCriteria": [{"Field": "Id", "SortOrder": "asc"}], "MaxResults": 10}
        page = client.get_findings(**order)
        found = page["Findings"]
        # One more that belongs on the next page, and one there that changes.
        changed = early[15] | {"UpdatedAt": "2026-03-03T06:00:00Z", "Id": "bucket-15", "Title": "changed"}
        client.batch_import_findings(Findings=[finding("bucket-12-late"), changed])
        while "NextToken" in page:
            page = client.get_findings(**order, NextToken=page["NextToken"])
            found += page["Findings"]
        assert [one["Id"] for one in found] == [one["Id"] for one in early]
        assert "changed" not in [one["Title"] for one in found]
        assert len(ids(client)) == 31


def test_max_results(server, client, stored):
    assert len(client.get_findings(MaxResults=1)["Findings"]) == 1
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.get_findings(MaxResults=101)
    assert "MaxResults" in str(refused.value)
    # A stock client does not send 0; others do.
    with pytest.raises(botocore.exceptions.ParamValidationError):
        client.get_findings(MaxResults=0)
    status, headers, body = call(server, "POST", "/findings", {"MaxResults": 0})
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidInputException")
    assert "MaxResults" in body["Message"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"Filters": {"Title": text("a") + text("b", "NOT_EQUALS")}}, "Title"),
        ({"Filters": {"Title": text("a", "CONTAINS") + text("b")}}, "Title"),
        ({"Filters": {"Title": text("a", "LIKE")}}, "Title"),
        ({"Filters": {"Id": [{"Value": str(n), "Comparison": EQUALS} for n in range(21)]}}, "Id"),
        ({"Filters": {"UpdatedAt": [{"Start": "yesterday", "End": "2026-03-01T00:00:00Z"}]}}, "UpdatedAt"),
        ({"SortCriteria": [{"Field": "NoSuchField", "SortOrder": "asc"}]}, "SortCriteria"),
        ({"NextToken": "nonsense"}, "NextToken"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(client, stored, arguments, named):
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.get_findings(**arguments)
    assert named in str(refused.value)
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_more_than_ten_attributes_are_refused(client):
    attributes = ["Id", "Title", "Type", "Region", "ProductArn", "ProductName", "CompanyName", "GeneratorId"]
    attributes += ["AwsAccountId", "RecordState", "WorkflowStatus"]
    with pytest.raises(client.exceptions.InvalidInputException):
        client.get_findings(Filters={attribute: text("x") for attribute in attributes})


def test_a_token_belongs_to_its_filters(client, stored):
    token = client.get_findings(MaxResults=1)["NextToken"]
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.get_findings(Filters={"Title": text("Check 1")}, NextToken=token)
    assert "NextToken" in str(refused.value)
    with pytest.raises(client.exceptions.InvalidInputException):
        client.get_findings(NextToken=token[:-4] + "AAAA")
