"""The Python client of `clients/python`: against the real server, and against scripted ones for what goes wrong."""

import dataclasses
import datetime
import itertools
import json
import subprocess
import time
import traceback
import urllib.request

import posture_ledger
import pytest
import urllib3
from posture_ledger import Client

from findings import ACCOUNT, finding
from loopback import LOST, answering, begin_stream, in_turn
from posture import ROOT, run, serving

UTC = datetime.timezone.utc
TOKEN = "pl_SECRET-that-nobody-may-see"
EMPTY = {"items": [], "total": 0, "page": 1, "per_page": 500, "total_pages": 0, "as_of": "2026-03-02T06:00:00.000Z~1"}


def client_of(server, key=None, **settings):
    return Client(api_url=server.url, api_token=(key or server.key)["token"], **settings)


def import_findings(server, *findings, key=None):
    answer = server.client(key).batch_import_findings(Findings=list(findings))
    assert answer["FailedCount"] == 0, answer


# Against the real server.


# infracast-findings, Python Example: as it stands there.
EXAMPLE = """\
from infracast import InfracastClient

client = InfracastClient(api_url="https://api.infracast.io", api_token="your-token")

# Get all critical findings
findings = client.findings.list(
tenant="acme-corp",
severity=["CRITICAL", "HIGH"],
status="open"
)

# Group by framework
by_framework = {}
for finding in findings:
    fw = finding.framework
    by_framework.setdefault(fw, []).append(finding)

for framework, fw_findings in by_framework.items():
    print(f"{framework}: {len(fw_findings)} critical/high findings")

# Accept a risk
client.findings.accept_risk(
tenant="acme-corp",
finding_id="CIS-AWS-5.2-sg-0abc123",
justification="Legacy system, decommission scheduled Q3 2024",
review_date="2024-09-30"
)
"""
GROUP = {
    "Type": "AwsEc2SecurityGroup",
    "Id": f"arn:aws:ec2:us-east-1:{ACCOUNT}:security-group/sg-0abc123",
    "Region": "us-east-1",
}
BEFORE_THE_REVIEW = "2024-03-16T10:00:00Z"


def test_the_documents_example_runs_with_another_import(tmp_path, capsys):
    made = run("keys", "create", "--data", tmp_path, "--tenant", "acme-corp", "--scopes", "admin", "--name", "amara")
    key = json.loads(made.stdout)["key"]
    at = "2024-03-10T14:00:00Z"

    def failing(control, **members):
        return finding(at=at, Compliance={"Status": "FAILED", "RelatedRequirements": [control]}, **members)

    group = failing("CIS-AWS 5.2", GeneratorId="CIS-AWS-5.2", Resources=[GROUP])
    found = [group, failing("CIS-AWS 5.2"), failing("NIST-800-53 AC-2"), finding(at=at, Severity={"Label": "LOW"})]
    with serving(tmp_path, "--clock", BEFORE_THE_REVIEW) as server:
        to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": key["token"]}
        assert run("import", "-", stdin=json.dumps(found), **to).returncode == 0
        program = EXAMPLE.replace("from infracast import", "from posture_ledger import", 1)
        # A reader's own address and token.
        program = program.replace("https://api.infracast.io", server.url).replace("your-token", key["token"])
        exec(compile(program, "example", "exec"), {})
        with client_of(server, key) as client:
            (accepted,) = client.findings.list(tenant="acme-corp", status="accepted")
    said = capsys.readouterr().out.splitlines()
    assert sorted(said) == ["cis-aws: 2 critical/high findings", "nist-800-53: 1 critical/high findings"]
    assert (accepted.rule_id, accepted.resource_name) == ("CIS-AWS-5.2", "sg-0abc123")
    assert accepted.acceptance.justification == "Legacy system, decommission scheduled Q3 2024"
    assert accepted.acceptance.review_date == datetime.date(2024, 9, 30)


def test_a_finding_has_types(server):
    one = finding(
        "typed",
        GeneratorId="CIS-AWS-2.1.1",
        Compliance={"Status": "FAILED", "RelatedRequirements": ["CIS-AWS-3.0 2.1.1"]},
        Remediation={"Recommendation": {"Text": "Encrypt it.", "Url": "https://example.com/encrypt"}},
    )
    import_findings(server, one)
    with client_of(server) as client:
        (row,) = client.findings.list(tenant="default", search="typed")
        whole = client.findings.get(tenant="default", finding_id=row.id)
        (scored,) = client.findings.scored(tenant="default", search="typed")
    assert (row.rule_id, row.severity, row.status) == ("CIS-AWS-2.1.1", "HIGH", "open")
    assert (row.resource_type, row.resource_name) == ("aws.s3.bucket", "typed")
    assert (row.account_id, row.region, row.remediation) == (ACCOUNT, "eu-west-1", "Encrypt it.")
    assert row.framework_mappings == (posture_ledger.FrameworkMapping("cis-aws", "2.1.1", "3.0"),)
    for instant in (row.first_seen, row.last_seen, row.created_at):
        assert abs(instant - datetime.datetime.now(UTC)) < datetime.timedelta(minutes=5)
    assert row.raw["title"] == row.title == "A bucket is public" and row.acceptance is None
    assert (whole.id, whole.uid, whole.resource_arn) == (row.id, row.uid, "arn:aws:s3:::typed")
    assert whole.producer == posture_ledger.Producer(one["ProductArn"], "typed")
    assert whole.remediation_url == "https://example.com/encrypt"
    assert scored.risk_score == row.risk_score > 0
    assert row.risk_vector is None and scored.risk_vector.startswith("AV:") and scored.risk_reasons


def test_every_member_that_the_server_describes_is_known(server):
    with urllib.request.urlopen(server.url + "/openapi.json") as answer:
        described = json.load(answer)
    whole = described["components"]["schemas"]["InfracastWholeFinding"]["properties"]
    summary = described["paths"]["/api/v1/tenants/{tenantID}/compliance/summary"]["get"]["responses"]["200"]
    run_audit = described["paths"]["/api/v1/tenants/{tenantID}/findings/run"]["post"]["responses"]["202"]
    for kind, members in (
        (posture_ledger.Finding, whole),
        (posture_ledger.Acceptance, whole["acceptance"]["properties"]),
        (posture_ledger.ComplianceSummary, summary["content"]["application/json"]["schema"]["properties"]),
        (posture_ledger.AuditRun, run_audit["content"]["application/json"]["schema"]["properties"]),
    ):
        unknown = set(members) - {field.name for field in dataclasses.fields(kind)}
        assert not unknown, f"add {unknown} to {kind.__name__} in clients/python/src/posture_ledger/_models.py"


def test_lists_are_fetched_as_they_are_walked_and_hold_still():
    with serving() as server, client_of(server) as client:
        names = {f"walked-{number}" for number in range(7)}
        import_findings(server, *(finding(name) for name in names))
        listed = client.findings.list(tenant="default", per_page=3)
        pages = listed.pages()
        sizes, walked = [], []
        for page in pages:
            sizes.append(len(page.items))
            walked.extend(one.resource_name for one in page.items)
            # Before all others by the order of the list.
            import_findings(server, finding(Severity={"Label": "CRITICAL"}))
        assert sizes == [3, 3, 1] and set(walked) == names and len(walked) == 7
        assert {one.resource_name for one in listed} == names, "walked again it is the same list"
        assert (listed.total, client.findings.list(tenant="default").total) == (7, 10)
        assert len(list(client.findings.list(tenant="default", as_of=listed.as_of))) == 7
        before = datetime.datetime.now(UTC) - datetime.timedelta(days=1)
        assert list(client.findings.list(tenant="default", as_of=before)) == []


def test_nothing_is_asked_before_a_list_is_walked():
    with answering(in_turn((200, {}, EMPTY))) as (url, seen), Client(url, TOKEN) as client:
        listed = client.findings.list(tenant="default", severity=["HIGH", "LOW"], status="all", framework="cis-aws")
        client.findings.stream(tenant="default")
        assert not seen
        assert list(listed) == [] and listed.total == 0 and len(seen) == 1
        path, _, query = seen[0].path.partition("?")
        assert path == "/api/v1/tenants/default/findings"
        wanted = "framework=cis-aws", "page=1", "per_page=500", "severity=HIGH%2CLOW", "status=all"
        assert sorted(query.split("&")) == sorted(wanted)


@pytest.mark.parametrize("name", ["with/slash", "50%2F", "a?b#c d", "ö😀", "..", "a\\b+c"])
def test_any_name_of_a_finding_reaches_the_server(server, name):
    arn = f"arn:aws:s3:::{name}"
    resource = {"Type": "AwsS3Bucket", "Id": arn, "Partition": "aws", "Region": "eu-west-1"}
    import_findings(server, finding(f"named {name}", GeneratorId=f"rule {name}", Resources=[resource]))
    with client_of(server) as client:
        (row,) = [one for one in client.findings.list(tenant="default") if one.rule_id == f"rule {name}"]
        for known_as in (row.id, row.uid, f"{row.rule_id}-{row.resource_name}"):
            assert client.findings.get(tenant="default", finding_id=known_as).resource_arn == arn


def test_refusals_are_typed_and_say_what_the_server_says(tmp_path):
    keys = {}
    for name, scopes, more in (
        ("admin", "admin", ()),
        ("reader", "findings:read", ()),
        ("hasty", "findings:read", ("--rate-per-minute", "1")),
    ):
        made = run(
            "keys", "create", "--data", tmp_path, "--tenant", "acme", "--scopes", scopes, "--name", name, *more
        )
        keys[name] = json.loads(made.stdout)["key"]
    with serving(tmp_path) as server:
        admin, reader = client_of(server, keys["admin"]), client_of(server, keys["reader"])
        hasty = client_of(server, keys["hasty"], max_wait=0.0)
        unknown = Client(server.url, keys["admin"]["token"][:-4] + "AAAA")
        hasty.compliance.summary(tenant="acme")
        errors = {
            posture_ledger.BadRequest: lambda: list(admin.findings.list(tenant="acme", per_page=501)),
            posture_ledger.Unauthorized: lambda: unknown.findings.get(tenant="acme", finding_id="x"),
            posture_ledger.Forbidden: lambda: reader.findings.run(tenant="acme"),
            posture_ledger.NotFound: lambda: admin.findings.get(tenant="acme", finding_id="x"),
            posture_ledger.RateLimited: lambda: [hasty.compliance.summary(tenant="acme") for _ in range(2)],
        }
        codes = ["BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "RATE_LIMITED"]
        for (kind, call), code in zip(errors.items(), codes):
            with pytest.raises(kind) as raised:
                call()
            error = raised.value
            assert type(error) is kind and error.code == code and error.message
            assert error.request_id in server.log() and error.request_id in str(error)
            assert str(error).startswith(f"{error.status} {code}: {error.message}")
            if kind is posture_ledger.RateLimited:
                assert 0 < error.retry_after <= 60
        with pytest.raises(posture_ledger.NotFound):
            admin.compliance.summary(tenant="zenith")


def test_decisions_answer_the_finding_and_say_why_not(server):
    names = [f"decided-{number}" for number in range(3)]
    import_findings(server, *map(finding, names))
    with client_of(server) as client:

        def named(number):
            return {"tenant": "default", "finding_id": f"bucket-public-{names[number]}"}

        read = client.findings.get(**named(0))
        until = datetime.date.today() + datetime.timedelta(days=30)
        accepted = client.findings.accept_risk(
            **named(0), justification="Known", review_date=until, approved_by="ciso@example.com", if_match=read.etag
        )
        assert (accepted.status, accepted.acceptance.justification) == ("accepted", "Known")
        assert (accepted.acceptance.approved_by, accepted.acceptance.review_date) == ("ciso@example.com", until)
        assert accepted.etag == client.findings.get(**named(0)).etag != read.etag
        with pytest.raises(posture_ledger.PreconditionFailed):
            client.findings.accept_risk(**named(0), justification="Late", if_match=read.etag)
        with pytest.raises(posture_ledger.BadRequest, match="review_date"):
            client.findings.accept_risk(**named(1), justification="Late", review_date="2020-01-31")
        assert client.findings.get(**named(1)).status == "open"
        for _ in range(2):
            assert client.findings.resolve(**named(1), justification="Closed it").status == "resolved"
        with pytest.raises(posture_ledger.NotFound):
            client.findings.resolve(tenant="default", finding_id="bucket-public-nothing")
        later = "2026-03-03T06:00:00Z"
        import_findings(server, finding(names[2], at=later, Compliance={"Status": "PASSED"}))
        with pytest.raises(posture_ledger.Conflict):
            client.findings.resolve(**named(2))


def test_a_decision_whose_answer_was_lost_counts_once(server):
    import_findings(server, finding("decided-once"))
    with client_of(server) as direct:
        one = direct.findings.get(tenant="default", finding_id="bucket-public-decided-once")

        def respond(request, number):
            headers = {name: request.headers[name] for name in ("Authorization", "Content-Type", "Idempotency-Key")}
            answer = urllib3.request("POST", server.url + request.path, body=request.body, headers=headers)
            if number == 0:
                return LOST
            assert answer.headers["idempotency-replayed"] == "true"
            return answer.status, {"ETag": answer.headers["etag"]}, answer.data

        with answering(respond) as (url, seen), Client(url, server.key["token"]) as client:
            accepted = client.findings.accept_risk(tenant="default", finding_id=one.id, justification="Once")
        assert len(seen) == 2
        now = direct.findings.get(tenant="default", finding_id=one.id)
        assert (accepted.etag, accepted.acceptance) == (now.etag, now.acceptance)


def test_an_audit_is_started_and_waited_for():
    snapshot = (ROOT / "samples" / "inventory.json").read_text()
    with serving() as server, client_of(server) as client:
        to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
        assert run("inventory", "import", "-", stdin=snapshot, **to).returncode == 0
        started = client.findings.run(tenant="default", framework="cis-aws")
        assert started.status == "running" and started.frameworks == ("cis-aws",)
        with pytest.raises(posture_ledger.JobNotEnded):
            client.jobs.wait(tenant="default", job_id=started.job_id, timeout=0.0)
        ended = client.jobs.wait(tenant="default", job_id=started.job_id, timeout=60.0, every=0.2)
        assert (ended.kind, ended.job_id, ended.status, ended.error) == ("audit", started.job_id, "done", None)
        assert ended.started_at == started.started_at <= ended.ended_at and ended.counts["failed"] > 0
        assert ended in list(client.jobs.list(tenant="default"))
        summary = client.compliance.summary(tenant="default")
        open_ones = list(client.findings.list(tenant="default", per_page=10))
        assert summary.total_findings == len(open_ones) == sum(summary.by_severity.values()) > 10
        assert summary.by_severity["HIGH"] == client.findings.list(tenant="default", severity="HIGH").total
        of_framework = summary.by_framework["cis-aws"]
        assert of_framework.score == client.compliance.summary(tenant="default", framework="cis-aws").overall_score
        assert of_framework.findings == client.findings.list(tenant="default", framework="cis-aws").total


BUCKET = """\
# What the shop reports.
resource "aws_s3_bucket" "reports" {
  bucket = "reports"
}
"""
ITEM = {
    "resourceType": "AWS::S3::Bucket",
    "resourceId": "reports",
    "accountId": ACCOUNT,
    "awsRegion": "us-east-1",
    "configurationItemCaptureTime": "2026-03-02T06:00:00Z",
    "arn": "arn:aws:s3:::reports",
    "configuration": {"name": "reports"},
    "supplementaryConfiguration": {"BucketVersioningConfiguration": {"status": "Off", "isMfaDeleteEnabled": None}},
}


def test_a_finding_is_told_how_to_be_mended(tmp_path):
    (tmp_path / "main.tf").write_text(BUCKET)
    with serving() as server, client_of(server) as client:
        to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
        assert run("inventory", "import", "-", stdin=json.dumps(ITEM), **to).returncode == 0
        started = client.findings.run(tenant="default")
        client.jobs.wait(tenant="default", job_id=started.job_id, timeout=60.0, every=0.2)
        named = {"tenant": "default", "finding_id": "NIST-CP-9-S3-VERSIONING-reports"}
        with pytest.raises(posture_ledger.NotFound, match="patch"):
            client.findings.terraform_patch(**named)
        assert client.findings.remediation(**named).terraform_patch_available is False
        assert run("terraform", "push", tmp_path, **to).returncode == 0
        told, patch = client.findings.remediation(**named), client.findings.terraform_patch(**named)
        assert client.findings.get(**named).terraform_patch_available is told.terraform_patch_available is True
        assert told.summary and [step.order for step in told.steps] == list(range(1, len(told.steps) + 1))
        assert any("reports" in (step.command or "") for step in told.steps)
        assert told.finding_id == patch.finding_id == client.findings.get(**named).id
    subprocess.run(["patch", "-p1"], input=patch.patch, text=True, cwd=tmp_path, check=True, capture_output=True)
    mended = (tmp_path / "main.tf").read_text()
    assert mended.startswith(BUCKET) and "aws_s3_bucket_versioning" in mended


# Against scripted servers.


def busy(status, **headers):
    return status, headers, {"error": {"code": "BUSY", "message": "not now", "details": None}}


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says(status):
    answers = in_turn(busy(status, **{"Retry-After": "1"}), busy(status, **{"Retry-After": "0"}), (200, {}, EMPTY))
    with answering(answers) as (url, seen), Client(url, TOKEN) as client:
        began = time.monotonic()
        assert list(client.findings.list(tenant="default")) == []
        assert len(seen) == 3 and 1 <= time.monotonic() - began < 5


def test_attempts_are_bounded():
    with answering(in_turn(busy(503, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))) as (url, seen):
        with Client(url, TOKEN, max_attempts=3) as client, pytest.raises(posture_ledger.ServiceUnavailable) as raised:
            client.compliance.summary(tenant="default")
        assert len(seen) == 3 and raised.value.retry_after == 0 and raised.value.message == "not now"


def test_a_wait_that_is_too_long_is_not_begun():
    with answering(in_turn(busy(429, **{"Retry-After": "86400"}))) as (url, seen), Client(url, TOKEN) as client:
        with pytest.raises(posture_ledger.RateLimited) as raised:
            client.compliance.summary(tenant="default")
        assert len(seen) == 1 and raised.value.retry_after == 86400


def test_a_lost_answer_is_asked_for_again_where_that_does_no_harm():
    with answering(in_turn(LOST, (502, {}, b"<html>"), (200, {}, EMPTY))) as (url, seen), Client(url, TOKEN) as client:
        assert list(client.findings.list(tenant="default")) == [] and len(seen) == 3
    with answering(in_turn(LOST)) as (url, seen), Client(url, TOKEN) as client:
        with pytest.raises(posture_ledger.ConnectionFailed):
            client.findings.run(tenant="default")
        assert len(seen) == 1, "a run that may have been started is not started again"


def test_a_server_that_is_not_there_is_tried_and_named():
    with answering(in_turn(LOST)) as (url, _):
        pass
    began = time.monotonic()
    with Client(url, TOKEN, max_attempts=2) as client, pytest.raises(posture_ledger.ConnectionFailed) as raised:
        client.findings.run(tenant="default")
    assert url in str(raised.value) and time.monotonic() - began >= 0.25


def test_decisions_are_sent_as_documented_and_under_one_key_each():
    row = {
        "id": "CIS-AWS-5.2-sg-0abc123", "uid": "3f0a", "rule_id": "CIS-AWS-5.2", "severity": "HIGH", "status": "accepted",
        "resource_id": "r", "resource_type": "t", "resource_name": "n", "region": "eu-west-1", "risk_score": 70,
        "first_seen": "2024-03-10T14:00:00Z", "last_seen": "2024-03-10T14:00:00Z", "created_at": "2024-03-10T14:00:00Z",
        "acceptance": {"justification": "Legacy", "review_date": "2024-09-30", "accepted_by": "amara",
                       "accepted_at": "2024-03-16T10:00:00Z", "expires_at": "2024-10-01T00:00:00Z"},
    }  # fmt: skip
    answers = in_turn(LOST, busy(503, **{"Retry-After": "0"}), (200, {"ETag": '"7"'}, row))
    with answering(answers) as (url, seen), Client(url, TOKEN) as client:
        named = {"tenant": "acme", "finding_id": "CIS-AWS-5.2-sg-0abc123"}
        day = datetime.date(2024, 9, 30)
        accepted = client.findings.accept_risk(**named, justification="Legacy", review_date=day, if_match='"6"')
        assert accepted.etag == '"7"' and accepted.acceptance.review_date == day
        client.findings.resolve(**named)
    assert [one.method for one in seen] == ["POST"] * 4
    paths = [one.path.rpartition("CIS-AWS-5.2-sg-0abc123") for one in seen]
    assert [path[2] for path in paths] == ["/accept"] * 3 + ["/resolve"]
    assert [json.loads(one.body) for one in seen[:3]] == [{"justification": "Legacy", "review_date": "2024-09-30"}] * 3
    assert json.loads(seen[3].body) == {}
    assert [one.headers["If-Match"] for one in seen] == ['"6"'] * 3 + [None]
    keys = [one.headers["Idempotency-Key"] for one in seen]
    assert keys[0] == keys[1] == keys[2] != keys[3]


def every_text(error):
    """All that a report of an error could show of it and of what led to it."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)))
        yield from traceback.TracebackException.from_exception(error, capture_locals=True).format()
        error = error.__cause__ or error.__context__


def test_the_token_is_in_requests_and_nowhere_else():
    echo = {"error": {"code": TOKEN, "message": f"no key {TOKEN}", "details": {"sent": TOKEN}}}
    answers = in_turn((400, {"x-request-id": TOKEN}, echo), (200, {"Content-Type": TOKEN}, b"?"), LOST)
    with answering(answers) as (url, seen), Client(url, TOKEN, max_attempts=1) as client:
        shown = [repr(client), repr(client.findings), repr(vars(client)), repr(client.findings.list(tenant="default"))]
        kinds = (posture_ledger.BadRequest, posture_ledger.ProtocolError, posture_ledger.ConnectionFailed)
        for kind in kinds:
            with pytest.raises(kind) as raised:
                client.compliance.summary(tenant="default")
            # The frames below are the client's own; this one has the token in its locals.
            error = raised.value.with_traceback(raised.value.__traceback__.tb_next)
            shown.extend(every_text(error))
        stream = client.findings.stream(tenant="default")
        with pytest.raises(posture_ledger.ConnectionFailed) as raised:
            next(stream)
        shown.extend([repr(stream), str(raised.value), repr(raised.value)])
    assert [one.headers["Authorization"] for one in seen] == [f"Bearer {TOKEN}"] * 4
    assert not [text for text in shown if TOKEN in text]


@pytest.mark.parametrize("token", ["", "two words", "line\n", "smörgås", None])
def test_a_token_that_is_none_is_refused_without_showing_it(token):
    with pytest.raises(ValueError) as refused:
        Client("http://127.0.0.1:1", token)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("url", ["", "127.0.0.1:9000", "ftp://x", "http://", "http://me:secret@x", "http://x/?a=b"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="api_url"):
        Client(url, TOKEN)


def test_arguments_that_would_ask_for_something_else_are_refused():
    with answering(in_turn((200, {}, EMPTY))) as (url, seen), Client(url + "/stage/", TOKEN) as client:
        for name in ("", ".", ".."):
            with pytest.raises(ValueError, match="finding_id"):
                client.findings.get(tenant="default", finding_id=name)
            with pytest.raises(ValueError, match="tenant"):
                client.findings.list(tenant=name)
        with pytest.raises(ValueError, match="severity"):
            client.findings.list(tenant="default", severity=[])
        with pytest.raises(ValueError, match="review_date"):
            now = datetime.datetime.now()
            client.findings.accept_risk(tenant="default", finding_id="x", justification="y", review_date=now)
        assert not seen
        list(client.findings.list(tenant="a/b"))
        assert seen[0].path.startswith("/stage/api/v1/tenants/a%2Fb/findings?")


def test_an_answer_of_something_else_is_named():
    with answering(in_turn((200, {"Content-Type": "text/html"}, b"<p>"), (200, {}, {"items": 7}))) as (url, _):
        with Client(url, TOKEN) as client:
            for told in ("text/html", "items"):
                with pytest.raises(posture_ledger.ProtocolError, match=told):
                    list(client.findings.list(tenant="default"))


# The stream, against servers that hang up.


def resolved(number):
    return {"event": "finding.resolved", "finding_id": f"Zürich 😀 {number}", "resolved_at": "2024-03-16T10:05:00Z"}


def rendered(numbers, end=b"\n"):
    """Events as the server writes them, with what goes between them."""
    blocks = [b"retry: 1" + end + end]
    for number in numbers:
        data = json.dumps(resolved(number), ensure_ascii=False).encode()
        blocks.append(b": heartbeat" + end + b"id: 1710583500000-%d" % number + end + b"data: " + data + end + end)
    return b"".join(blocks)


def behind(handler, last):
    """The numbers of the events that a request has not seen."""
    seen = handler.headers["Last-Event-ID"]
    return range(int(seen.rpartition("-")[2]) + 1 if seen else 1, last + 1)


def listen(stream, count):
    """That many events, as they were sent."""
    events = list(itertools.islice(stream, count))
    assert all(one.resolved_at == datetime.datetime(2024, 3, 16, 10, 5, tzinfo=UTC) for one in events)
    assert [one.id for one in events] == [f"1710583500000-{one.finding_id.split()[-1]}" for one in events]
    return [one.raw for one in events]


@pytest.mark.parametrize("is_chunked", [True, False], ids=["chunked", "until it hangs up"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_a_stream_cut_at_any_byte_is_resumed_without_gap_or_repetition(is_chunked, end):
    whole = rendered((1, 2), end)
    # What the next connection gets before the server hangs up; those behind it get everything.
    parts = []

    def respond(handler, _):
        begin_stream(handler, is_chunked)(parts.pop() if parts else rendered(behind(handler, 3), end))

    with answering(respond) as (url, seen), Client(url, TOKEN) as client:
        for cut in range(len(b"retry: 1" + end), len(whole) + 1):
            parts.append(whole[:cut])
            with client.findings.stream(tenant="default") as stream:
                assert listen(stream, 3) == [resolved(1), resolved(2), resolved(3)], whole[:cut]
        assert {one.path for one in seen} == {"/api/v1/tenants/default/findings/stream"}
        assert {one.headers["Last-Event-ID"] for one in seen} == {None, "1710583500000-1", "1710583500000-2"}


def test_a_stream_that_comes_byte_by_byte_is_the_same():
    def respond(handler, _):
        write = begin_stream(handler, is_chunked=True)
        # Data of several lines, as the standard allows it: a blank line made of a CR and a LF would part them.
        for byte in rendered(behind(handler, 3), b"\r\n").replace(b", ", b",\r\ndata: "):
            write(bytes([byte]))

    with answering(respond) as (url, seen), Client(url, TOKEN) as client:
        assert listen(client.findings.stream(tenant="default"), 3) == [resolved(number) for number in (1, 2, 3)]
        assert len(seen) == 1


def test_a_thousand_lost_connections_lose_and_repeat_nothing():
    def respond(handler, number):
        write = begin_stream(handler, is_chunked=number % 2 == 0)
        first, *more = behind(handler, 1000)
        # One event, and the next one up to a place that moves through it.
        write(rendered([first]) + rendered(more[:1])[: number * 7 % 150])

    with answering(respond) as (url, seen), Client(url, TOKEN) as client:
        assert listen(client.findings.stream(tenant="default"), 1000) == [resolved(number + 1) for number in range(1000)]
        assert len(seen) >= 990


def test_a_stream_waits_as_long_as_the_server_says():
    def respond(handler, number):
        if number == 1:
            return busy(503, **{"Retry-After": "1"})
        begin_stream(handler, is_chunked=True)(rendered(behind(handler, number // 2 + 1)).replace(b"retry: 1", b"retry: 300"))

    with answering(respond) as (url, seen), Client(url, TOKEN) as client:
        stream, began = client.findings.stream(tenant="default"), time.monotonic()
        assert listen(stream, 2) == [resolved(1), resolved(2)]
        assert len(seen) == 3 and 1.3 <= time.monotonic() - began < 5


def test_a_stream_on_which_nothing_comes_is_made_again():
    def respond(handler, number):
        write = begin_stream(handler, is_chunked=True)
        if number == 0:
            write(rendered([1]) + b"id: 1710583500000-2\n\n")
            time.sleep(5)
        write(rendered(behind(handler, 3)))

    with answering(respond) as (url, seen), Client(url, TOKEN) as client:
        stream = client.findings.stream(tenant="default", idle=1.0)
        began = time.monotonic()
        assert listen(stream, 2) == [resolved(1), resolved(3)], "an id without data moves the place too"
        assert 1 <= time.monotonic() - began < 5
        assert [one.headers["Last-Event-ID"] for one in seen] == [None, "1710583500000-2"]


def test_a_stream_that_cannot_be_had_ends_with_the_reason_and_can_be_walked_on():
    def respond(handler, number):
        if number in (1, 2):
            return busy(503, **{"Retry-After": "0"})
        if number == 4:
            return 404, {}, {"error": {"code": "NOT_FOUND", "message": "there is no such tenant", "details": None}}
        if number == 5:
            return 200, {"Content-Type": "text/html"}, b"<p>"
        if number == 6:
            return 204, {}, b""
        begin_stream(handler, is_chunked=True)(rendered(behind(handler, 1 if number == 0 else 2)))

    with answering(respond) as (url, seen), Client(url, TOKEN, max_attempts=2) as client:
        stream = client.findings.stream(tenant="default")
        assert listen(stream, 1) == [resolved(1)]
        with pytest.raises(posture_ledger.ServiceUnavailable):
            next(stream)
        assert len(seen) == 3 and listen(stream, 1) == [resolved(2)]
        for kind in (posture_ledger.NotFound, posture_ledger.ProtocolError, StopIteration):
            with pytest.raises(kind):
                next(stream)
        again = client.findings.stream(tenant="default", last_event_id=stream.last_event_id, severity=["HIGH"])
        again.close()
        assert list(again) == [] and len(seen) == 7


def test_an_event_that_cannot_be_read_is_told_once_and_passed():
    def respond(handler, _):
        write = begin_stream(handler, is_chunked=True)
        write(b"id: 1710583500000-1\ndata: {\n\n" + rendered([2]) + b'id: 3\ndata: {"event":\ndata:  "finding.x"}\n\n')

    with answering(respond) as (url, _), Client(url, TOKEN) as client:
        stream = client.findings.stream(tenant="default")
        with pytest.raises(posture_ledger.ProtocolError, match="1710583500000-1"):
            next(stream)
        assert listen(stream, 1) == [resolved(2)]
        with pytest.raises(posture_ledger.ProtocolError, match="3 names no finding"):
            next(stream)
