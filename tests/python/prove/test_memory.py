"""What the packaged functions need of memory over a tenant of a million findings (DESIGN §4).

The store is filled anew, which takes some ten minutes; `POSTURE_MILLION=DIR` names a folder that `posture bench --fill DIR` filled before.
"""

import datetime
import json
import os
import pathlib
import subprocess
import uuid

import pytest

import lambda_runtime
from cold_start import peak, start
from lambda_runtime import functions
from posture import RELEASE, ROOT, admin, dynamodb, environment
from test_package import unpacked  # noqa: F401

FINDINGS = 1_000_000
MOST_MEGABYTES = 256
#: Seconds that a function may say nothing: a verification goes on for ten minutes.
PATIENCE = 900
#: They read AWS, which is not here.
ELSEWHERE = {"sweep-inventory", "synchronise-hubs", "tell-hubs"}
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
#: Questions that mean every finding, or make a function look at what is long of each.
WIDE = {
    "bitdefender-get-checks": [{}, {"results": "fail", "resources": "arn:aws:s3:::nothing"}],
    "bitdefender-get-resources": [{}],
    "bitdefender-get-finding-changes": [{"type": "new", "from_date": (TODAY - datetime.timedelta(1)).isoformat(), "to_date": TODAY.isoformat()}],
    "datadog-list-findings": [{}, {"filter[tags]": "team:team-3", "detailed_findings": "true"}],
    "infracast-list-findings": [{}, {"sort": "resource_id"}, {"search": "bucket", "sort": "-risk_score"}],
    "infracast-list-scored-findings": [{}],
    "securityhub-get-findings": [
        {},
        {"SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "desc"}]},
        {"SortCriteria": [{"Field": "ResourceId", "SortOrder": "asc"}, {"Field": "Id", "SortOrder": "desc"}]},
        {"Filters": {"Description": [{"Value": "Bucket", "Comparison": "PREFIX"}]}},
        {"Filters": {"ResourceId": [{"Value": "arn:aws:s3", "Comparison": "PREFIX"}]}},
    ],
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A table with a million findings: what functions find in their environment, and a key."""
    folder = os.environ.get("POSTURE_MILLION")
    if not folder:
        folder = tmp_path_factory.mktemp("million")
        quiet = environment(POSTURE_LOG="warn")
        subprocess.run([RELEASE, "bench", "--findings", str(FINDINGS), "--fill", folder], check=True, env=quiet)
    master = json.loads((pathlib.Path(folder) / "master.json").read_text())["secret"]
    with dynamodb("--data", folder, program=RELEASE, master=master) as cloud:
        token = admin(cloud, "bench", f"memory-{os.getpid()}")
        yield cloud | {"TABLE_NAME": "posture-ledger", "POSTURE_TENANT": "bench"}, token


def test_every_wide_question_has_a_function():
    assert set(WIDE) <= set(functions())


def questions():
    """Each function's own event, and the wide ones: what to call it, the function, the event."""
    for path in sorted((ROOT / "events").glob("*.json")):
        if path.stem in ELSEWHERE:
            continue
        event = json.loads(path.read_text().replace("tenants/default", "tenants/bench").replace('"default"', '"bench"'))
        yield path.stem, path.stem, event
        for number, wish in enumerate(WIDE.get(path.stem, [])):
            if event["httpMethod"] == "POST":
                wide = event | {"body": json.dumps(wish), "isBase64Encoded": False}
            else:
                wide = asked(event, wish)
            yield f"{path.stem} {number + 1}", path.stem, wide


def asked(event, query):
    """The event with that query."""
    return event | {"queryStringParameters": query, "multiValueQueryStringParameters": {name: [value] for name, value in query.items()}}


def imports():
    """New findings, a hundred a request, until a fold has followed more than once."""
    event = json.loads((ROOT / "events" / "securityhub-batch-import-findings.json").read_text())
    for request in range(60):
        found = [
            {
                "SchemaVersion": "2018-10-08",
                "Id": f"memory-{uuid.uuid4()}",
                "ProductArn": "arn:aws:securityhub:eu-west-1::product/prowler/prowler",
                "GeneratorId": f"memory-{number % 7}",
                "AwsAccountId": f"{number + 100000000000}",
                "Types": ["Software and Configuration Checks"],
                "CreatedAt": f"2026-01-01T00:00:{number % 60:02}.{request:03}Z",
                "UpdatedAt": f"2026-01-01T00:00:{number % 60:02}.{request:03}Z",
                "Severity": {"Label": "HIGH"},
                "Title": "A bucket is public",
                "Description": f"Bucket {uuid.uuid4()} is public.",
                "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{uuid.uuid4()}", "Region": "eu-west-1"}],
                "Compliance": {"Status": "FAILED"},
            }
            for number in range(100)
        ]
        yield f"import {request + 1}", "securityhub-batch-import-findings", event | {"body": json.dumps({"Findings": found})}


def test_a_million_findings_fit_into_the_memory(unpacked, store, capsys):  # noqa: F811
    folder, _ = unpacked
    programs = {name: folder / debug.name for name, debug in functions().items()}
    variables, token = store
    peaks, lines = {}, []
    for name, function, event in [*questions(), *imports()]:
        text = json.dumps(event).replace("TOKEN", token)
        whole = "stream" not in function
        one = start(programs[function], function, text.encode(), whole=whole, patience=PATIENCE, **variables)
        path, body = one.answer
        assert path.endswith(b"/response"), (name, body[:500])
        # Things that are named are not there; what is wide must be answered.
        assert b'"statusCode":5' not in body and (name == function or b'"statusCode":200' in body), (name, body[:500])
        peaks[name] = one.memory
        lines.append(f"{name:<42} {one.memory:6.1f} MB {one.cpu:8.0f} ms of CPU {one.wall:8.0f} ms {len(body):9} bytes")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    folds = [peak for name, peak in peaks.items() if name.startswith("import ")]
    assert max(folds) > 3 * min(folds), "one that folds reads the index, and the others do not"
    assert {name: peak for name, peak in peaks.items() if peak > MOST_MEGABYTES} == {}


@pytest.fixture
def warm(unpacked, monkeypatch):  # noqa: F811
    """Runs packaged functions that answer more than one event."""
    folder, _ = unpacked
    programs = {name: folder / debug.name for name, debug in functions().items()}
    monkeypatch.setattr(lambda_runtime, "program_of", programs.get)
    return lambda_runtime.running


def halfway(warm, variables, token):
    """An instant between the first commit and the newest, as clients name it."""
    event = json.loads((ROOT / "events" / "list-changes.json").read_text().replace("tenants/default", "tenants/bench").replace("TOKEN", token))
    with warm("list-changes", **variables) as runtime:
        # Nothing has changed since a time to come: that page names the place of the newest commit.
        pages = [json.loads(runtime.invoke(asked(event, query)).answer()[2]) for query in ({"limit": "1"}, {"from": "2999-01-01"})]
    first, newest = (int(page["position"].split("-")[0]) for page in pages)
    middle = datetime.datetime.fromtimestamp((first + newest) // 2 / 1000, datetime.timezone.utc)
    return middle.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("function", ["bitdefender-get-resources", "securityhub-get-findings"])
def test_a_function_that_stays_warm_fits_as_well(warm, store, capsys, function):
    variables, token = store
    past = halfway(warm, variables, token)
    lines, longest = [], {"now": 0, past: 0}
    with warm(function, **variables) as runtime:
        for turn in range(2):
            for name, _, event in (question for question in questions() if question[1] == function):
                query = event.get("queryStringParameters") or {}
                for text, one in (("now", event), (past, asked(event, query | {"as_of": past}))):
                    status, _, body = runtime.invoke(json.dumps(one).replace("TOKEN", token), PATIENCE).answer()
                    assert status == 200, (name, text, body[:500])
                    longest[text] = max(longest[text], len(body))
                    memory = peak(runtime.process.pid)
                    lines.append(f"{name:<42} {memory:6.1f} MB {len(body):9} bytes, turn {turn + 1}, {text}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert min(longest.values()) > 10_000, "both states have findings"
    assert memory <= MOST_MEGABYTES
