"""The function import-hub-events, woken as its queue wakes it (`posture event`)."""

import json

from findings import finding
from posture import ROOT, run, serving
from test_import_snapshots import event

SAMPLE = ROOT / "events" / "import-hub-events.json"


def wake(data, messages, tmp_path):
    path = tmp_path / "event.json"
    records = [{"messageId": f"m{n}", "body": body} for n, body in enumerate(messages)]
    path.write_text(json.dumps({"Records": records}))
    done = run("event", "--data", data, "import-hub-events", path)
    assert done.returncode == 0, done.stderr
    return [failure["itemIdentifier"] for failure in json.loads(done.stdout)["batchItemFailures"]]


def test_the_sample_is_imported_once_however_often_it_comes(tmp_path):
    data = tmp_path / "data"
    for _ in range(2):
        done = run("event", "--data", data, "import-hub-events", SAMPLE)
        assert (done.returncode, json.loads(done.stdout)) == (0, {"batchItemFailures": []}), done.stderr
    with serving(data) as server:
        client = server.client()
        found = client.get_findings()["Findings"]
        assert len(found) == 3
        for one in found:
            named = {"Id": one["Id"], "ProductArn": one["ProductArn"]}
            assert len(client.get_finding_history(FindingIdentifier=named)["Records"]) == 1


def test_a_bad_message_fails_alone(tmp_path):
    data = tmp_path / "data"
    good = [json.dumps(event(finding())) for _ in range(3)]
    messages = [good[0], "{", good[1], json.dumps({"detail": {}}), json.dumps(event(finding(UpdatedAt="yesterday"))), good[2]]
    assert wake(data, messages, tmp_path) == ["m1", "m3", "m4"]
    with serving(data) as server:
        assert len(server.client().get_findings()["Findings"]) == 3
