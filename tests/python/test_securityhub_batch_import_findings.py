"""POST /findings/import: BatchImportFindings, by a stock client (CONTRACTS 1.1, 1.7, 1.8)."""

import botocore.exceptions
import pytest

from findings import PRODUCT, find, finding, history
from raw import call


def test_a_full_batch_is_taken(client):
    answer = client.batch_import_findings(Findings=[finding() for _ in range(100)])
    assert (answer["SuccessCount"], answer["FailedCount"], answer["FailedFindings"]) == (100, 0, [])


def test_101_findings_are_refused_as_a_whole(client):
    batch = [finding() for _ in range(101)]
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.batch_import_findings(Findings=batch)
    assert "Findings" in str(refused.value)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    found = client.get_findings(Filters={"Id": [{"Value": batch[0]["Id"], "Comparison": "EQUALS"}]})
    assert found["Findings"] == []


def test_no_finding_is_refused_by_the_client_and_by_the_server(server, client):
    with pytest.raises(botocore.exceptions.ParamValidationError):
        client.batch_import_findings(Findings=[])
    status, headers, body = call(server, "POST", "/findings/import", {"Findings": []})
    assert (status, headers["x-amzn-errortype"], body["Code"]) == (400, "InvalidInputException", "InvalidInputException")


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"Compliance": {"Status": "BROKEN"}}, "Compliance.Status"),
        ({"RecordState": "GONE"}, "RecordState"),
        ({"SchemaVersion": "2019-01-01"}, "SchemaVersion"),
        ({"UpdatedAt": "yesterday"}, "UpdatedAt"),
        ({"CreatedAt": "2026-03-02"}, "CreatedAt"),
        ({"Title": "x" * 257}, "Title"),
        ({"AwsAccountId": "12"}, "AwsAccountId"),
        ({"Severity": None}, "Severity"),
        ({"Severity": {"Label": "AWFUL"}}, "Severity"),
        ({"Resources": []}, "Resources"),
    ],
)
def test_a_bad_finding_fails_alone_and_its_member_is_named(client, members, named):
    good, bad, after = finding(), finding(**members), finding()
    answer = client.batch_import_findings(Findings=[good, bad, after])
    assert (answer["SuccessCount"], answer["FailedCount"]) == (2, 1)
    [failed] = answer["FailedFindings"]
    assert (failed["Id"], failed["ErrorCode"]) == (bad["Id"], "InvalidInput")
    assert named in failed["ErrorMessage"]
    assert find(client, good)["Id"] == good["Id"] and find(client, after)["Id"] == after["Id"]


def test_what_was_sent_comes_back_unchanged_with_what_the_hub_adds(client):
    sent = finding(
        Confidence=42,
        ProductFields={"Check": "1.2", "Odd / key": "ünïcode \U0001f512"},
        Remediation={"Recommendation": {"Text": "Close it."}},
        Network={"SourceIpV4": "192.0.2.7", "SourcePort": 443},
        Sample=True,
    )
    client.batch_import_findings(Findings=[sent])
    found = find(client, sent)
    for member, value in sent.items():
        if member in ("ProductFields", "Severity"):
            assert value.items() <= found[member].items(), member
        else:
            assert found[member] == value, member
    assert found["ProductName"] == "Prowler"
    assert found["ProductFields"]["aws/securityhub/FindingId"] == f"{PRODUCT}/{sent['Id']}"
    assert found["Severity"]["Normalized"] == 70
    assert found["Workflow"] == {"Status": "NEW"}


def test_the_same_again_or_older_changes_nothing(client):
    sent = finding(at="2026-03-02T06:00:00Z")
    client.batch_import_findings(Findings=[sent])
    before = find(client, sent)
    for again in (sent, sent | {"UpdatedAt": "2026-03-01T06:00:00Z", "Title": "older"}):
        assert client.batch_import_findings(Findings=[again])["SuccessCount"] == 1
    assert find(client, sent) == before
    assert len(history(client, sent)) == 1


def test_a_later_one_changes_what_producers_own_and_nothing_else(client):
    sent = finding(at="2026-03-02T06:00:00Z")
    client.batch_import_findings(Findings=[sent])
    client.batch_update_findings(
        FindingIdentifiers=[{"Id": sent["Id"], "ProductArn": PRODUCT}],
        Workflow={"Status": "SUPPRESSED"},
        Note={"Text": "known", "UpdatedBy": "amara"},
        Severity={"Label": "LOW"},
    )
    later = sent | {
        "UpdatedAt": "2026-03-03T06:00:00Z",
        "Title": "A bucket is still public",
        "Severity": {"Label": "CRITICAL"},
        "Workflow": {"Status": "NEW"},
        "Note": {"Text": "no", "UpdatedBy": "producer", "UpdatedAt": "2026-03-03T06:00:00Z"},
    }
    client.batch_import_findings(Findings=[later])
    found = find(client, sent)
    assert found["Title"] == "A bucket is still public"
    assert found["Workflow"]["Status"] == "SUPPRESSED"
    assert found["Note"]["Text"] == "known"
    assert found["Severity"]["Label"] == "LOW"
    assert found["FindingProviderFields"]["Severity"]["Label"] == "CRITICAL"


def test_within_a_batch_the_first_of_equal_ones_counts(client):
    first = finding()
    second = first | {"Title": "the second"}
    assert client.batch_import_findings(Findings=[first, second])["SuccessCount"] == 2
    assert find(client, first)["Title"] == first["Title"]


def test_a_finding_of_more_than_240_kb_fails_alone(client):
    large = finding(ProductFields={f"field-{n}": "x" * 2048 for n in range(50)}, Description="d")
    large["Resources"] = [{"Type": "Other", "Id": f"r{n}", "Details": {"Other": {f"k{m}": "v" * 1000 for m in range(20)}}} for n in range(10)]
    good = finding()
    answer = client.batch_import_findings(Findings=[large, good])
    assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 1)
    assert answer["FailedFindings"][0]["Id"] == large["Id"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"Findings": 7}', b'{"Findings": [7]}', b"\xff\xfe"])
def test_a_bad_body_is_refused_and_nothing_breaks(server, body):
    status, headers, answer = call(server, "POST", "/findings/import", body)
    if body == b'{"Findings": [7]}':
        assert (status, answer["FailedCount"]) == (200, 1)
    else:
        assert (status, headers["x-amzn-errortype"]) == (400, "InvalidInputException"), answer
