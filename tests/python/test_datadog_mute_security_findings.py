"""PATCH /api/v2/security/findings/mute, by the official client (CONTRACTS 3.1, mute)."""

import time

import pytest
from datadog_api_client.exceptions import ApiException, NotFoundException
from datadog_api_client.v2.model.findings import Findings
from datadog_api_client.v2.model.finding_data import FindingData
from datadog_api_client.v2.model.finding_data_type import FindingDataType
from datadog_api_client.v2.model.mute_data_type import MuteDataType
from datadog_api_client.v2.model.mute_findings_mute_attributes import MuteFindingsMuteAttributes
from datadog_api_client.v2.model.mute_findings_reason import MuteFindingsReason
from datadog_api_client.v2.model.mute_findings_request import MuteFindingsRequest
from datadog_api_client.v2.model.mute_findings_request_data import MuteFindingsRequestData
from datadog_api_client.v2.model.mute_findings_request_data_attributes import MuteFindingsRequestDataAttributes
from datadog_api_client.v2.model.mute_findings_request_data_relationships import MuteFindingsRequestDataRelationships

from datadog import api, assert_parsed
from findings import finding


@pytest.fixture(scope="module")
def row(server, client):
    client.batch_import_findings(Findings=[finding("one")])
    return api(server).list_findings().data[0]


def mute(server, ids, **how):
    named = [FindingData(id=one, type=FindingDataType.FINDINGS) for one in ids]
    body = MuteFindingsRequest(
        data=MuteFindingsRequestData(
            attributes=MuteFindingsRequestDataAttributes(mute=MuteFindingsMuteAttributes(**how)),
            id="93bfeb70-af47-424d-908a-948d3f08e37f",
            relationships=MuteFindingsRequestDataRelationships(findings=Findings(data=named)),
            type=MuteDataType.MUTE,
        )
    )
    return api(server).mute_security_findings(body=body)


def test_a_mute_is_read_back_with_its_end(server, row):
    end = int(time.time() * 1000) + 3_600_123
    reason = MuteFindingsReason.RISK_ACCEPTED
    answer = mute(server, [row.id], is_muted=True, reason=reason, expire_at=end, description="In the lab.")
    assert (answer.data.id, answer.data.type.value) == ("93bfeb70-af47-424d-908a-948d3f08e37f", "mute")
    whole = api(server).get_finding(finding_id=row.id)
    assert_parsed(whole)
    shown = whole.data.attributes.mute
    assert (shown.muted, shown.reason.value, shown.expiration_date) == (True, "ACCEPTED_RISK", end)
    assert shown.description == "In the lab."
    mute(server, [row.id], is_muted=False, reason=MuteFindingsReason.NO_LONGER_ACCEPTED_RISK)
    assert not api(server).get_finding(finding_id=row.id).data.attributes.mute.muted


def test_what_is_wrong_is_an_error_of_the_client(server, row):
    with pytest.raises(NotFoundException):
        mute(server, ["0015c4a9-82b9-8a40-9bf4-55130c000001"], is_muted=True, reason=MuteFindingsReason.OTHER)
    with pytest.raises(ApiException) as refused:
        mute(server, [row.id], is_muted=True, reason=MuteFindingsReason.OTHER, expire_at=1)
    assert refused.value.status == 400
