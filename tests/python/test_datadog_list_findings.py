"""GET /api/v2/posture_management/findings, by the official client (CONTRACTS 3)."""

import pytest
from datadog_api_client.exceptions import ApiException, ForbiddenException
from datadog_api_client.v2.model.finding_evaluation import FindingEvaluation
from datadog_api_client.v2.model.finding_status import FindingStatus
from datadog_api_client.v2.model.finding_vulnerability_type import FindingVulnerabilityType

from datadog import PREFIX, api, assert_parsed, raw
from findings import ACCOUNT, finding, key_of

LABELS = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
STATUSES = ["info", "low", "medium", "high", "critical"]
COUNT = 25


@pytest.fixture(scope="module", autouse=True)
def ledger(client):
    """Twenty-five findings, five of each severity; one passes, one is accepted, one is wrong."""
    sent = [
        finding(
            f"bucket-{n}",
            Severity={"Label": LABELS[n % 5]},
            Compliance={"Status": "PASSED" if n == 4 else "FAILED", "RelatedRequirements": ["CIS-1.5 1.20"]},
        )
        for n in range(COUNT)
    ]
    assert client.batch_import_findings(Findings=sent)["SuccessCount"] == COUNT
    for n, verification in ((0, "TRUE_POSITIVE"), (1, "FALSE_POSITIVE")):
        client.batch_update_findings(
            FindingIdentifiers=[key_of(sent[n])],
            Workflow={"Status": "SUPPRESSED"},
            VerificationState=verification,
        )


@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["below the prefix", "by User-Agent"])
def test_a_list_is_read_whole(server, prefix):
    page = api(server, prefix).list_findings()
    assert_parsed(page)
    assert len(page.data) == page.meta.page.total_filtered_count == COUNT
    assert not hasattr(page.meta.page, "cursor")
    assert [str(one.attributes.status) for one in page.data] == [word for word in reversed(STATUSES) for _ in range(5)]
    first = page.data[0].attributes
    assert (first.resource_type, first.rule.id, first.rule.name) == ("aws_s3_bucket", "bucket-public", "A bucket is public")
    assert {f"aws_account:{ACCOUNT}", "control:1.20", "framework:cis-aws", "scored:true", "scope:s3"} <= set(first.tags)


@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["below the prefix", "by User-Agent"])
@pytest.mark.parametrize("limit", [3, 7, 25, 1000])
def test_its_pagination_helper_sees_each_finding_once(server, prefix, limit):
    ids = [one.id for one in api(server, prefix).list_findings_with_pagination(page_limit=limit)]
    assert len(ids) == len(set(ids)) == COUNT


def test_every_filter_of_the_client(server):
    security = api(server)
    for filters, count in [
        ({"filter_evaluation": FindingEvaluation.PASS}, 1),
        ({"filter_evaluation": FindingEvaluation.FAIL}, COUNT - 1),
        ({"filter_status": FindingStatus.CRITICAL}, 5),
        ({"filter_muted": True}, 2),
        ({"filter_muted": False}, COUNT - 2),
        ({"filter_rule_id": "bucket-public"}, COUNT),
        ({"filter_rule_name": "-A bucket*"}, 0),
        ({"filter_resource_type": "aws_s3_bucket"}, COUNT),
        ({"filter_resource_id": "arn:aws:s3:::bucket-7"}, 1),
        ({"filter_resource_id": "bucket-1*"}, 11),
        ({"filter_tags": "framework:cis-aws"}, COUNT),
        ({"filter_tags": "-cloud_provider:aws"}, 0),
        ({"filter_evaluation_changed_at": ">=1678809373257"}, COUNT),
        ({"filter_discovery_timestamp": "<1678809373257"}, 0),
        ({"filter_vulnerability_type": [FindingVulnerabilityType.MISCONFIGURATION]}, COUNT),
        ({"filter_vulnerability_type": [FindingVulnerabilityType.ATTACK_PATH]}, 0),
    ]:
        page = security.list_findings(**filters)
        assert_parsed(page)
        assert (len(page.data), page.meta.page.total_filtered_count) == (count, count), filters


def test_mutes_and_details_are_typed(server):
    security = api(server)
    muted = security.list_findings(filter_muted=True, detailed_findings=True)
    assert_parsed(muted)
    assert {str(one.attributes.mute.reason) for one in muted.data} == {"ACCEPTED_RISK", "FALSE_POSITIVE"}
    assert all(one.attributes.mute.muted and one.attributes.description for one in muted.data)
    assert {one.attributes.external_id for one in muted.data} == {f"arn:aws:s3:::bucket-{n}" for n in (0, 1)}
    assert not any(one.attributes.mute.muted for one in security.list_findings(filter_muted=False).data)


def test_a_snapshot_is_what_was(server):
    security = api(server)
    now = security.list_findings(page_limit=1).meta.snapshot_timestamp
    assert security.list_findings(snapshot_timestamp=now).meta.page.total_filtered_count == COUNT
    long_ago = security.list_findings(snapshot_timestamp=1)
    assert_parsed(long_ago)
    assert (long_ago.data, long_ago.meta.page.total_filtered_count) == ([], 0)


def test_errors_are_typed(server):
    with pytest.raises(ApiException) as wrong:
        api(server).list_findings(page_cursor="nonsense")
    assert wrong.value.status == 400
    assert wrong.value.body["errors"][0]["detail"].startswith("page[cursor]: ")
    with pytest.raises(ForbiddenException):
        api(server, key=server.key | {"datadog_application_key": "0" * 40}).list_findings()


def test_without_the_client_it_is_the_documents_shape(server):
    status, headers, body = raw(
        server,
        "/api/v2/posture_management/findings?filter[evaluation_changed_at]>=1667403346000"
        "&filter[evaluation]=fail&filter[status]=critical&filter[tag]=cloud_provider:aws",
    )
    assert (status, headers["x-dialect-version"], headers["Vary"]) == (200, "beta", "User-Agent")
    assert headers["Content-Type"] == "application/vnd.api+json"
    assert body["data"]["type"] == "posture_management_list_findings_resp"
    assert len(body["data"]["attributes"]["findings"]) == body["meta"]["page"]["total_filtered_count"] == 4
