"""PATCH /findings/batchupdate: BatchUpdateFindings, by a stock client (CONTRACTS 1.1, 1.7)."""

import pytest

from findings import PRODUCT, find, finding, history, key_of


@pytest.fixture
def one(client):
    sent = finding()
    client.batch_import_findings(Findings=[sent])
    return sent


def test_everything_that_can_be_set_is_set(client, one):
    change = {
        "Note": {"Text": "looked at", "UpdatedBy": "amara"},
        "Severity": {"Label": "LOW"},
        "VerificationState": "TRUE_POSITIVE",
        "Confidence": 90,
        "Criticality": 10,
        "Types": ["Effects/Data Exposure"],
        "UserDefinedFields": {"ticket": "SHOP-7"},
        "Workflow": {"Status": "NOTIFIED"},
        "RelatedFindings": [{"ProductArn": PRODUCT, "Id": "another"}],
    }
    answer = client.batch_update_findings(FindingIdentifiers=[key_of(one)], **change)
    assert answer["ProcessedFindings"] == [key_of(one)]
    assert answer["UnprocessedFindings"] == []
    found = find(client, one)
    for member, value in change.items():
        if isinstance(value, dict):
            assert value.items() <= found[member].items(), member
        else:
            assert found[member] == value, member
    assert found["Note"]["UpdatedAt"]
    assert found["UpdatedAt"] == one["UpdatedAt"], "an update does not move UpdatedAt"


def test_what_was_not_updated_is_said(client, one):
    unknown = {"Id": "nobody", "ProductArn": PRODUCT}
    other = finding()
    client.batch_import_findings(Findings=[other])
    answer = client.batch_update_findings(
        FindingIdentifiers=[key_of(one), unknown, key_of(other), key_of(other)], Workflow={"Status": "RESOLVED"}
    )
    assert answer["ProcessedFindings"] == [key_of(one)]
    said = {failed["FindingIdentifier"]["Id"]: failed for failed in answer["UnprocessedFindings"]}
    assert {name: failed["ErrorCode"] for name, failed in said.items()} == {
        "nobody": "FindingNotFound",
        other["Id"]: "DuplicatedFindingIdentifier",
    }
    assert said["nobody"]["ErrorMessage"] == "Finding Not Found"
    assert find(client, other)["Workflow"]["Status"] == "NEW"


def test_an_update_is_in_the_history_and_one_that_changes_nothing_is_not(client, one):
    for _ in range(2):
        client.batch_update_findings(FindingIdentifiers=[key_of(one)], Workflow={"Status": "NOTIFIED"})
    update, creation = history(client, one)
    assert creation["FindingCreated"] is True
    assert update["FindingCreated"] is False
    assert update["UpdateSource"]["Type"] == "BATCH_UPDATE_FINDINGS"
    assert update["UpdateSource"]["Identity"]
    assert update["Updates"] == [{"UpdatedField": "Workflow.Status", "OldValue": "NEW", "NewValue": "NOTIFIED"}]


@pytest.mark.parametrize(
    "change",
    [{"Workflow": {"Status": "DONE"}}, {"VerificationState": "MAYBE"}, {"Confidence": 101}, {"Severity": {"Label": "AWFUL"}}],
)
def test_a_bad_value_is_refused_and_nothing_changes(client, one, change):
    before = find(client, one)
    try:
        answer = client.batch_update_findings(FindingIdentifiers=[key_of(one)], **change)
        assert answer["ProcessedFindings"] == []
        assert [failed["ErrorCode"] for failed in answer["UnprocessedFindings"]] == ["InvalidInput"]
    except client.exceptions.InvalidInputException as refused:
        assert next(iter(change)) in str(refused)
    assert find(client, one) == before
    assert len(history(client, one)) == 1


def test_101_identifiers_are_refused(client, one):
    names = [{"Id": f"x{n}", "ProductArn": PRODUCT} for n in range(101)]
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.batch_update_findings(FindingIdentifiers=names, Workflow={"Status": "NEW"})
    assert "FindingIdentifiers" in str(refused.value)
