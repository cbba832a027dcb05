"""Lists as files: every row, in the list's order and of one state, in forms that other programs read."""

import csv
import http.client
import io
import json
import threading

import httpx
import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from findings import finding
from posture import ROOT, run, serving

#: More than one stretch of rows.
MANY = 250


@pytest.fixture(scope="module")
def shop():
    """A server with the sample account, two reports and an audit."""
    with serving() as server:
        for report in sorted((ROOT / "samples").glob("*.asff.json")):
            assert run("import", report, "--url", server.url, "--token", server.key["token"]).returncode == 0
        inventory = ROOT / "samples" / "inventory.json"
        assert run("inventory", "import", inventory, "--url", server.url, "--token", server.key["token"]).returncode == 0
        assert run("audit", "--wait", "--url", server.url, "--token", server.key["token"]).returncode == 0
        yield server


def get(server, path, **headers):
    url = f"{server.url}/api/v1/tenants/{server.ready['tenant']}{path}"
    return httpx.get(url, headers={"authorization": f"Bearer {server.key['token']}"} | headers, timeout=60)


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("query", ["status=all", "", "severity=CRITICAL,HIGH&sort=resource_id", "framework=cis-aws"])
@pytest.mark.parametrize("path", ["/findings", "/findings/scored"])
def test_every_format_has_the_rows_of_the_list(shop, path, query):
    page = get(shop, f"{path}?{query}&per_page=500").json()
    assert page["total"] == len(page["items"]) > 0
    state = f"{query}&as_of={page['as_of']}"
    lines = get(shop, f"{path}?{state}&format=ndjson")
    read = rows(lines.text)
    assert [row["uid"] for row in read] == [item["uid"] for item in page["items"]]
    for row, item in zip(read, page["items"]):
        # Rows of a page are cut to 4 KB, those of an export are whole.
        assert row == item or len(json.dumps(row)) > 4096 and row.keys() == item.keys(), row["id"]
    assert lines.headers["x-total-count"] == str(page["total"]) and lines.headers["x-as-of"] == page["as_of"]
    table = get(shop, f"{path}?{state}", accept="text/csv")
    read = list(csv.DictReader(io.StringIO(table.text, newline=""), strict=True))
    for name in ["uid", "id", "severity", "status", "region", "first_seen"]:
        assert [row[name] for row in read] == [item[name] for item in page["items"]], name
    events = rows(get(shop, f"{path}?{state}&format=ocsf").text)
    assert [event["finding_info"]["uid"] for event in events] == [item["uid"] for item in page["items"]]


def test_events_are_ocsfs(shop):
    """Read by another's model of the schema, which refuses what is missing or of another type."""
    events = rows(get(shop, "/findings?status=all&format=ocsf").text)
    assert len(events) > 50
    for event in events:
        read = ComplianceFinding.model_validate(event)
        assert (read.class_uid, read.type_uid) == (2003, 200300 + read.activity_id)
        again = read.model_dump(exclude_unset=True, mode="json")
        # What the model has no member for is dropped by it; nothing else may differ.
        for name in ["compliance", "finding_info", "resources", "remediation", "severity_id", "status_id", "time"]:
            assert again.get(name) == pruned(event.get(name), again.get(name)), name
    assert {event["compliance"]["status"] for event in events} == {"Pass", "Fail"}
    assert len({event["metadata"]["uid"] for event in events}) == len(events)
    assert {event["status"] for event in events} >= {"New", "Resolved"}
    assert all(value is not None for event in events for value in leaves(event))


def pruned(value, like):
    """The value without members that `like` does not have."""
    if isinstance(value, dict) and isinstance(like, dict):
        return {name: pruned(member, like[name]) for name, member in value.items() if name in like}
    if isinstance(value, list) and isinstance(like, list):
        return [pruned(one, other) for one, other in zip(value, like, strict=True)]
    return value


def leaves(value):
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_feeds_are_exported_whole(shop):
    changes = get(shop, "/changes?format=ndjson")
    page = get(shop, "/changes?limit=500").json()
    assert page["next"] is None and rows(changes.text) == page["items"]
    table = list(csv.DictReader(io.StringIO(get(shop, "/changes?format=csv").text, newline=""), strict=True))
    assert [row["position"] for row in table] == [item["position"] for item in page["items"]]
    last = page["items"][-3]["position"]
    assert rows(get(shop, f"/changes?format=ndjson&after={last}").text) == page["items"][-2:]
    uid = get(shop, "/findings").json()["items"][0]["uid"]
    url = f"{shop.url}/api/v1/tenants/{shop.ready['tenant']}/findings/{uid}/resolve"
    httpx.post(url, headers={"authorization": f"Bearer {shop.key['token']}"}, json={}).raise_for_status()
    log = get(shop, "/audit-log").json()["items"]
    assert log and rows(get(shop, "/audit-log?format=ndjson").text) == log
    table = list(csv.DictReader(io.StringIO(get(shop, "/audit-log?format=csv").text, newline=""), strict=True))
    assert [row["action"] for row in table] == [item["action"] for item in log]


def test_an_export_is_of_one_state():
    """Findings that change and come while it goes out neither repeat nor miss a row."""
    with serving() as server:
        client = server.client()
        for start in range(0, MANY, 50):
            client.batch_import_findings(Findings=[finding(f"one-{n}") for n in range(start, start + 50)])
        ended = threading.Event()

        def disturb():
            number = 0
            while not ended.is_set():
                number += 1
                at = f"2026-03-03T00:{number // 60 % 60:02}:{number % 60:02}Z"
                label = {"Label": ["CRITICAL", "LOW"][number % 2]}
                batch = [finding(f"one-{n}", at, Severity=label) for n in range(number % 50, MANY, 50)]
                client.batch_import_findings(Findings=[*batch, finding(f"new-{number}")])

        other = threading.Thread(target=disturb)
        other.start()
        try:
            for _ in range(10):
                answer = get(server, "/findings?format=ndjson&sort=-severity")
                uids = [row["uid"] for row in rows(answer.text)]
                assert len(uids) == len(set(uids)) == int(answer.headers["x-total-count"]) >= MANY
        finally:
            ended.set()
            other.join()


def test_formulas_and_odd_texts_survive_csv():
    texts = ["=HYPERLINK(\"http://evil\")", "+1", "@x", "-2", "a,b\r\nc\"d", " spaced "]
    with serving() as server:
        sent = [finding(f"odd-{n}", Title=text) for n, text in enumerate(texts)]
        server.client().batch_import_findings(Findings=sent)
        table = get(server, "/findings?format=csv").text
        read = [row["title"] for row in csv.DictReader(io.StringIO(table, newline=""), strict=True)]
    assert sorted(read) == sorted("'" + text if text[0] in "=+-@" else text for text in texts)


def test_what_breaks_off_is_not_taken_for_whole():
    """A server that dies half way leaves an answer that no client takes for complete."""
    with serving() as server:
        client = server.client()
        for start in range(0, 2000, 100):
            batch = [finding(f"large-{n}", Description="x" * 1000) for n in range(start, start + 100)]
            client.batch_import_findings(Findings=batch)
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
        path = f"/api/v1/tenants/{server.ready['tenant']}/findings?format=ndjson"
        connection.request("GET", path, headers={"authorization": f"Bearer {server.key['token']}"})
        answer = connection.getresponse()
        assert answer.read(1000)
        server.kill()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer.read()


def test_a_server_stops_while_lists_go_out():
    """Within its 5 seconds, whether or not anybody reads, and none of the answers is taken for whole."""
    with serving() as server:
        client = server.client()
        for start in range(0, 1500, 100):
            batch = [finding(f"large-{n}", Description="x" * 1000) for n in range(start, start + 100)]
            client.batch_import_findings(Findings=batch)
        path = f"/api/v1/tenants/{server.ready['tenant']}/findings?format=ndjson"
        answers = []
        for _ in range(3):
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
            connection.request("GET", path, headers={"authorization": f"Bearer {server.key['token']}"})
            answers.append(connection.getresponse())
            assert answers[-1].read(100)
        assert server.stop() == 0
        for answer in answers:
            try:
                assert answer.read().count(b"\n") == 1500, "one that is not whole breaks off"
            except (http.client.IncompleteRead, ConnectionResetError):
                pass


@pytest.mark.parametrize(
    "path, named",
    [
        ("/findings?format=xml", "format"),
        ("/findings?format=csv&page=2", "page"),
        ("/findings/scored?format=csv&per_page=10", "per_page"),
        ("/changes?format=ocsf", "format"),
        ("/audit-log?format=csv&limit=3", "limit"),
        ("/changes?format=csv&after=1-1", "after"),
        ("/findings?format=csv&severity=worst", "severity"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_sent(shop, path, named):
    answer = get(shop, path)
    assert answer.status_code == 400 and answer.json()["error"]["message"].startswith(f"{named}: ")
