"""`posture inventory import` as people use it: files of AWS Config and our own form, through a running server."""

import json

from posture import ROOT, run, serving

ACCOUNT = "123456789012"


def item(number, second=1, **more):
    return {
        "awsAccountId": ACCOUNT,
        "awsRegion": "eu-west-1",
        "resourceType": "AWS::EC2::Instance",
        "resourceId": f"i-{number:05}",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": f"2024-01-01T00:00:{second:02}Z",
        "configuration": {"instanceType": "t3.micro"},
        **more,
    }


def load(server, *arguments, stdin=None):
    """Exit code, the counts of the last line, and what was said."""
    to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
    done = run("inventory", "import", *arguments, stdin=stdin, **to)
    counts = json.loads(done.stdout.splitlines()[-1]) if done.stdout else None
    return done.returncode, counts, done.stderr


def told(**counts):
    names = ("received", "created", "changed", "unchanged", "deleted", "earlier", "rejected", "covered")
    return {name: counts.get(name, 0) for name in names}


def test_snapshot_files_are_imported_in_batches_and_once(tmp_path):
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_text(json.dumps({"fileVersion": "1.0", "configurationItems": [item(n) for n in range(1200)]}))
    with serving() as server:
        assert load(server, snapshot)[:2] == (0, told(received=1200, created=1200))
        assert load(server, snapshot)[:2] == (0, told(received=1200, unchanged=1200))
        gone = json.dumps(item(7, 2, configurationItemStatus="ResourceDeleted", configuration=None))
        larger = json.dumps(item(8, 2, configuration={"instanceType": "m7g.large"}))
        assert load(server, "-", stdin=f"{gone}\n{larger}\n")[:2] == (0, told(received=2, changed=1, deleted=1))


def test_what_is_covered_goes_last_and_only_if_all_was_taken(tmp_path):
    covered = [{"account_id": ACCOUNT, "region": "eu-west-1", "types": ["AWS::EC2::Instance", "AWS::S3::Bucket"]}]
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({"resources": [item(1)], "covered": covered}))
    bad.write_text(json.dumps({"resources": [item(2), item(3, tags=7)], "covered": covered}))
    with serving() as server:
        assert load(server, good)[:2] == (0, told(received=1, created=1, covered=2))
        code, counts, said = load(server, bad)
        assert (code, counts) == (3, told(received=2, created=1, rejected=1))
        assert "resource 1: tags: " in said and "nothing is called covered" in said


def test_the_exit_code_says_what_went_wrong(tmp_path):
    empty, broken = tmp_path / "empty.json", tmp_path / "broken.json"
    empty.write_text("[]")
    broken.write_text("{")
    with serving() as server:
        for file, why in ((empty, "holds no resources"), (broken, "is not JSON"), (tmp_path / "absent", "absent")):
            code, counts, said = load(server, file)
            assert (code, counts) == (1, None) and why in said
        assert load(server)[0] == 2


def test_the_sample_event_is_recorded(tmp_path):
    data = tmp_path / "data"
    for _ in range(2):
        done = run("event", "--data", data, "record-resource", ROOT / "events" / "record-resource.json")
        assert (done.returncode, json.loads(done.stdout)) == (0, {"batchItemFailures": []}), done.stderr
