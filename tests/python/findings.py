"""Findings made for the tests."""

import itertools

PRODUCT = "arn:aws:securityhub:eu-west-1::product/prowler/prowler"
ACCOUNT = "210987654321"
_numbers = itertools.count(1)


def finding(name=None, at="2026-03-02T06:00:00Z", **members):
    """A good finding; members are set over it, and left out when they are None."""
    name = name or f"finding-{next(_numbers)}"
    whole = {
        "SchemaVersion": "2018-10-08",
        "Id": name,
        "ProductArn": PRODUCT,
        "GeneratorId": "bucket-public",
        "AwsAccountId": ACCOUNT,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": at,
        "UpdatedAt": at,
        "Severity": {"Label": "HIGH"},
        "Title": "A bucket is public",
        "Description": "Anybody can read it.",
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{name}", "Partition": "aws", "Region": "eu-west-1"}],
        "Compliance": {"Status": "FAILED"},
        "RecordState": "ACTIVE",
    } | members
    return {member: value for member, value in whole.items() if value is not None}


def key_of(one):
    return {"Id": one["Id"], "ProductArn": one["ProductArn"]}


def find(client, one):
    """The finding as the ledger has it."""
    found = client.get_findings(Filters={"Id": [{"Value": one["Id"], "Comparison": "EQUALS"}]})["Findings"]
    assert len(found) == 1, found
    return found[0]


def history(client, one, **arguments):
    """All records, newest first."""
    pages = client.get_paginator("get_finding_history").paginate(FindingIdentifier=key_of(one), **arguments)
    return [record for page in pages for record in page["Records"]]
