"""The stock `aws` command, pointed at the server with --endpoint-url."""

import json
import subprocess
import sys

from findings import finding, key_of
from posture import REGION, environment


def aws(server, *arguments):
    keys = {name.upper(): server.key[name] for name in ("aws_access_key_id", "aws_secret_access_key")}
    command = [sys.executable, "-m", "awscli", "securityhub", *arguments, "--endpoint-url", server.url, "--output", "json"]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=environment(AWS_DEFAULT_REGION=REGION, **keys)
    )


def answer(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_list_update_and_history(server):
    one = finding()
    imported = answer(aws(server, "batch-import-findings", "--findings", json.dumps([one])))
    assert imported["SuccessCount"] == 1
    filters = json.dumps({"Id": [{"Value": one["Id"], "Comparison": "EQUALS"}]})
    assert answer(aws(server, "get-findings", "--filters", filters))["Findings"][0]["Title"] == one["Title"]
    named = json.dumps(key_of(one))
    update = ["--finding-identifiers", named, "--workflow", "Status=NOTIFIED"]
    assert answer(aws(server, "batch-update-findings", *update))["ProcessedFindings"] == [key_of(one)]
    records = answer(aws(server, "get-finding-history", "--finding-identifier", named, "--page-size", "1"))["Records"]
    assert [record["FindingCreated"] for record in records] == [False, True]


def test_an_error_is_shown_by_its_name(server):
    done = aws(server, "get-findings", "--no-paginate", "--max-results", "101")
    assert done.returncode != 0
    assert "InvalidInputException" in done.stderr and "MaxResults" in done.stderr
