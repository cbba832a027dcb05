"""GET /accounts: DescribeHub, by a stock client (CONTRACTS 1.1, 6)."""

import pytest

from findings import ACCOUNT, finding


def test_the_hub_is_that_of_the_region_that_signed(server, client):
    client.batch_import_findings(Findings=[finding()])
    for region in ("eu-west-1", "ap-south-1"):
        hub = server.client(region=region).describe_hub()
        assert hub["HubArn"] == f"arn:aws:securityhub:{region}:{ACCOUNT}:hub/default"
        assert hub["SubscribedAt"]
        assert hub["ControlFindingGenerator"] == "SECURITY_CONTROL"


def test_a_hub_may_be_named(client):
    arn = f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:hub/default"
    assert client.describe_hub(HubArn=arn)["HubArn"] == arn
    with pytest.raises(client.exceptions.InvalidInputException) as refused:
        client.describe_hub(HubArn="arn:aws:s3:::bucket")
    assert "HubArn" in str(refused.value)
