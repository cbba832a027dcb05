"""GET /productSubscriptions: ListEnabledProductsForImport, by a stock client (CONTRACTS 1.1, 6)."""

import pytest

from findings import finding


def test_producers_find_themselves_for_every_account(client):
    accounts = ["210987654321", "345678901234"]
    client.batch_import_findings(Findings=[finding(AwsAccountId=account) for account in accounts])
    wanted = [f"arn:aws:securityhub:eu-west-1:{account}:product-subscription/prowler/prowler" for account in accounts]
    assert client.list_enabled_products_for_import()["ProductSubscriptions"] == wanted
    pages = client.get_paginator("list_enabled_products_for_import").paginate(PaginationConfig={"PageSize": 1})
    assert [page["ProductSubscriptions"] for page in pages] == [[arn] for arn in wanted]


def test_what_cannot_be_asked_is_refused_by_name(client):
    for arguments, named in (({"MaxResults": 101}, "MaxResults"), ({"NextToken": "nonsense"}, "NextToken")):
        with pytest.raises(client.exceptions.InvalidInputException) as refused:
            client.list_enabled_products_for_import(**arguments)
        assert named in str(refused.value)
