"""README's "Backup and restore", word by word, over a DynamoDB of this machine and in a data folder: a table that holds half of a commit under
another name, and a folder that was copied."""

import json
import shutil

import boto3
import pytest

from findings import finding
from lambda_runtime import running
from posture import ROOT, admin, dynamodb, run, serving

TABLE, RESTORED = "posture-ledger", "TABLE-2"


@pytest.fixture
def cloud():
    with dynamodb() as cloud:
        yield cloud


def test_a_restored_table_serves_after_its_repair(cloud):
    url = cloud["AWS_ENDPOINT_URL_DYNAMODB"]
    token = admin(cloud)
    event = json.loads((ROOT / "events" / "securityhub-batch-import-findings.json").read_text().replace("TOKEN", token))

    def imported(runtime, first, last):
        findings = [finding() | {"Id": f"restore-{number}"} for number in range(first, last)]
        status, _, body = runtime.invoke(json.dumps(event | {"body": json.dumps({"Findings": findings})})).answer()
        assert status == 200 and json.loads(body)["SuccessCount"] == last - first, body

    client = boto3.client("dynamodb", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")

    def items(table):
        pages = client.get_paginator("scan").paginate(TableName=table)
        return {(item["pk"]["S"], item["sk"]["S"]): item for page in pages for item in page["Items"]}

    with running("securityhub-batch-import-findings", **cloud, TABLE_NAME=TABLE) as runtime:
        imported(runtime, 0, 20)
        before = items(TABLE)
        imported(runtime, 20, 40)
    after = items(TABLE)
    new = [place for place in sorted(after) if before.get(place) != after[place]]
    half = before | {place: after[place] for place in new[::2]}
    definition = client.describe_table(TableName=TABLE)["Table"]
    client.create_table(
        TableName=RESTORED,
        BillingMode="PAY_PER_REQUEST",
        **{name: definition[name] for name in ("AttributeDefinitions", "KeySchema")},
    )
    for item in half.values():
        client.put_item(TableName=RESTORED, Item=item)

    verify = ["verify", "--table", RESTORED, "--tenant", "default", "--endpoint-url", url]
    wrong = run(*verify, **cloud)
    assert wrong.returncode == 1 and json.loads(wrong.stdout)["problems"] > 0, wrong.stderr
    repaired = run(*verify, "--repair", **cloud)
    assert repaired.returncode == 0 and "moved aside" in repaired.stderr, repaired.stderr
    counted = json.loads(repaired.stdout)
    assert (counted["findings"], counted["problems"]) == (20, 0)
    assert "nothing to repair" in run(*verify, "--repair", **cloud).stderr
    anchor = run(*verify, "--anchor", counted["chain"], **cloud)
    assert anchor.returncode == 0, anchor.stderr

    # The functions use it, with the key that was there, and take what was lost.
    with running("securityhub-batch-import-findings", **cloud, TABLE_NAME=RESTORED) as runtime:
        imported(runtime, 100, 130)
        imported(runtime, 20, 40)
    assert json.loads(run(*verify, **cloud).stdout) | {"findings": 70, "problems": 0} == json.loads(run(*verify, **cloud).stdout)
    assert items(TABLE) == after, "the table that it was made from stays as it is"


def test_a_folder_that_was_copied_verifies_and_serves(tmp_path):
    data, copy = tmp_path / "data", tmp_path / "copy"
    with serving(data, "--new-key") as server:
        server.client().batch_import_findings(Findings=[finding()])
    shutil.copytree(data, copy)
    done = run("verify", "--data", copy)
    assert done.returncode == 0 and json.loads(done.stdout)["findings"] == 1, done.stderr
    exported = tmp_path / "ledger"
    assert run("export", exported, "--data", copy).returncode == 0
    assert run("verify", "--offline", exported).returncode == 0
    with serving(copy, "--new-key") as server:
        assert len(server.client().get_findings()["Findings"]) == 1
