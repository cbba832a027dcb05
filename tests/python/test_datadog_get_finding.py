"""GET /api/v2/posture_management/findings/{finding_id}, by the official client (CONTRACTS 3)."""

import pytest
from datadog_api_client.exceptions import NotFoundException

from datadog import PREFIX, api, assert_parsed, raw
from findings import finding


@pytest.fixture(scope="module")
def row(server, client):
    sent = finding(
        "one",
        Remediation={"Recommendation": {"Text": "Close it.", "Url": "https://example.com/close"}},
        Resources=[
            {
                "Type": "AwsS3Bucket",
                "Id": "arn:aws:s3:::one",
                "Region": "eu-west-1",
                "Details": {"AwsS3Bucket": {"OwnerName": "me"}},
            }
        ],
    )
    client.batch_import_findings(Findings=[sent])
    return api(server).list_findings().data[0]


@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["below the prefix", "by User-Agent"])
def test_a_finding_is_read_whole(server, row, prefix):
    whole = api(server, prefix).get_finding(finding_id=row.id)
    assert_parsed(whole)
    assert whole.data.id == row.id
    shown, listed = whole.data.attributes, row.attributes
    for name in ("evaluation", "evaluation_changed_at", "mute", "resource", "resource_type", "rule", "status", "tags"):
        assert getattr(shown, name) == getattr(listed, name), name
    assert shown.message.startswith("%%%\n## Description\n\nAnybody can read it.")
    assert shown.resource_configuration["AwsS3Bucket"] == {"OwnerName": "me"}
    assert shown.resource_configuration["region"] == "eu-west-1"


def test_a_snapshot_is_what_was(server, row):
    now = api(server).list_findings().meta.snapshot_timestamp
    assert api(server).get_finding(finding_id=row.id, snapshot_timestamp=now).data.id == row.id
    with pytest.raises(NotFoundException):
        api(server).get_finding(finding_id=row.id, snapshot_timestamp=1)


@pytest.mark.parametrize("name", ["nonsense", "00000000-0000-8000-8000-000000000000"])
def test_what_is_not_there_is_a_typed_error(server, row, name):
    with pytest.raises(NotFoundException) as absent:
        api(server).get_finding(finding_id=name)
    assert absent.value.body["errors"] == [{"status": "404", "title": "Not Found", "detail": "finding not found"}]


def test_without_the_client_it_is_the_documents_shape(server, row):
    status, headers, body = raw(server, f"/api/v2/posture_management/findings/{row.id}")
    assert (status, headers["x-dialect-version"]) == (200, "beta")
    assert body["data"]["type"] == "posture_management_fetch_finding_resp"
    assert body["data"]["attributes"]["finding"]["id"] == row.id
