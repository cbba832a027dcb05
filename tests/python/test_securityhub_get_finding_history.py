"""POST /findingHistory/get: GetFindingHistory, by a stock client (CONTRACTS 1.2 to 1.4)."""

import datetime
import json
import time

import botocore.exceptions
import pytest

from findings import PRODUCT, finding, history, key_of
from posture import serving
from raw import call

UTC = datetime.timezone.utc


@pytest.fixture(scope="module")
def storied(client):
    """A finding with a creation and eleven changes."""
    one = finding(at="2026-03-01T06:00:00Z", Compliance={"Status": "FAILED", "RelatedRequirements": ["A 1"]})
    client.batch_import_findings(Findings=[one])
    for n in range(2, 11):
        later = one | {"UpdatedAt": f"2026-03-{n:02}T06:00:00Z", "Title": f"Title {n}"}
        client.batch_import_findings(Findings=[later])
    requirements = {"Status": "PASSED", "RelatedRequirements": ["A 1", "B 2"]}
    client.batch_import_findings(Findings=[later | {"UpdatedAt": "2026-03-11T06:00:00Z", "Compliance": requirements}])
    client.batch_update_findings(FindingIdentifiers=[key_of(one)], Note={"Text": "done", "UpdatedBy": "amara"})
    return one


def test_records_are_newest_first_and_the_last_is_the_creation(client, storied):
    records = history(client, storied)
    assert len(records) == 12
    times = [record["UpdateTime"] for record in records]
    assert times == sorted(times, reverse=True) and len(set(times)) == 12
    creation = records[-1]
    assert creation["FindingCreated"] is True and creation["Updates"] == []
    assert creation["UpdateSource"] == {"Type": "BATCH_IMPORT_FINDINGS", "Identity": PRODUCT}
    assert not any(record["FindingCreated"] for record in records[:-1])
    assert all(record["FindingIdentifier"] == key_of(storied) for record in records)
    assert not any("NextToken" in record for record in records)


def test_updates_have_dotted_fields_and_lists_as_json(client, storied):
    note, compliance, *titles, _ = history(client, storied)
    assert note["UpdateSource"]["Type"] == "BATCH_UPDATE_FINDINGS"
    assert {"UpdatedField": "Note.Text", "NewValue": "done"} in note["Updates"]
    updates = {update["UpdatedField"]: update for update in compliance["Updates"]}
    assert updates["Compliance.Status"]["NewValue"] == "PASSED"
    assert json.loads(updates["Compliance.RelatedRequirements"]["NewValue"]) == ["A 1", "B 2"]
    newest = titles[0]["Updates"]
    assert newest == [{"UpdatedField": "Title", "OldValue": "Title 9", "NewValue": "Title 10"}]
    moving = {"CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt"}
    assert not moving & {u["UpdatedField"] for record in history(client, storied) for u in record["Updates"]}


@pytest.mark.parametrize("size", [1, 5, 100])
def test_pages_of_any_size_hold_the_same(client, storied, size):
    # The paginator itself fails when a token comes twice.
    assert history(client, storied, PaginationConfig={"PageSize": size}) == history(client, storied)


def test_tokens_are_new_on_each_page_and_signed(client, storied):
    tokens, token = [], None
    while token or not tokens:
        more = {"NextToken": token} if token else {}
        page = client.get_finding_history(FindingIdentifier=key_of(storied), MaxResults=1, **more)
        token = page.get("NextToken")
        tokens.append(token)
    assert len(tokens) == len(set(tokens)) >= 12
    for forged in ("nonsense", tokens[0][:-4] + "AAAA"):
        with pytest.raises(client.exceptions.InvalidInputException) as refused:
            client.get_finding_history(FindingIdentifier=key_of(storied), NextToken=forged)
        assert "NextToken" in str(refused.value)


def test_the_interval_selects(client, storied):
    records = history(client, storied)
    middle = records[5]["UpdateTime"]
    after = history(client, storied, StartTime=middle)
    before = history(client, storied, EndTime=middle)
    assert after == records[:6] and before == records[5:]
    assert history(client, storied, StartTime=datetime.datetime(2020, 1, 1, tzinfo=UTC)) == records
    assert history(client, storied, EndTime=datetime.datetime(2020, 1, 1, tzinfo=UTC)) == []
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        history(client, storied, StartTime=middle, EndTime=middle - datetime.timedelta(seconds=1))
    assert "StartTime" in str(refused.value)


def test_history_has_no_90_day_end():
    with serving(":memory:", "--clock", "2025-01-01T00:00:00Z") as server:
        one = finding()
        server.client().batch_import_findings(Findings=[one])
        [creation] = history(server.client(), one, StartTime="2024-01-01T00:00:00Z")
        assert creation["UpdateTime"].year == 2025


@pytest.mark.parametrize("start", ["yesterday", "2026-03-02", "2026-13-01T00:00:00Z", "2026-03-02T06:00:00", 7, {}])
def test_bad_timestamps_are_refused_by_name(server, storied, start):
    body = {"FindingIdentifier": key_of(storied), "StartTime": start}
    status, headers, answer = call(server, "POST", "/findingHistory/get", body)
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidInputException"), answer
    assert "StartTime" in answer["Message"]


@pytest.mark.parametrize(
    "start",
    [
        "2026-03-02T06:00:00Z",
        "2026-03-02T06:00:00.123456789Z",
        "2026-03-02T08:00:00+02:00",
        "2026-03-02T01:00:00-0500",
        "2026-03-02T08:00:00.5+02:00",
    ],
)
def test_the_five_documented_forms_are_read(server, storied, start):
    body = {"FindingIdentifier": key_of(storied), "StartTime": start}
    status, _, answer = call(server, "POST", "/findingHistory/get", body)
    assert status == 200 and len(answer["Records"]) == 12, answer


def test_an_unknown_finding_has_no_records(client):
    answer = client.get_finding_history(FindingIdentifier={"Id": "nobody", "ProductArn": PRODUCT})
    assert answer["Records"] == [] and "NextToken" not in answer


def test_max_results(server, client, storied):
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.get_finding_history(FindingIdentifier=key_of(storied), MaxResults=101)
    assert "MaxResults" in str(refused.value)
    with pytest.raises(botocore.exceptions.ParamValidationError):
        client.get_finding_history(FindingIdentifier=key_of(storied), MaxResults=0)
    body = {"FindingIdentifier": key_of(storied), "MaxResults": 0}
    status, headers, _ = call(server, "POST", "/findingHistory/get", body)
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidInputException")


def test_update_times_are_when_the_ledger_took_them(client):
    one = finding(at="2020-01-01T00:00:00Z")
    before = time.time()
    client.batch_import_findings(Findings=[one])
    [creation] = history(client, one)
    assert before - 1 <= creation["UpdateTime"].timestamp() <= time.time() + 1
