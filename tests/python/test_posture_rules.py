"""`posture rules` as people use it: rules of their own and parameters, in a store and through a running server."""

import json

from posture import ROOT, run, serving

KEY = "acme.bucket-named"


def written(folder):
    """The sample rule as a folder."""
    event = json.loads((ROOT / "events" / "set-rule.json").read_text())
    rule = folder / KEY
    rule.mkdir()
    for name, text in json.loads(event["body"])["files"].items():
        (rule / name).write_text(text)
    return rule


def lines(done):
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def value(rule):
    return {param["name"]: param["value"] for param in rule["params"]}


def test_rules_of_ones_own_through_a_server(tmp_path):
    rule = written(tmp_path)
    with serving() as server:
        to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
        (added,) = lines(run("rules", "add", rule, **to))
        assert (added["key"], added["version"], added["origin"]) == (KEY, 1, "tenant")
        assert KEY in {row["key"] for row in lines(run("rules", "list", **to))}
        assert KEY not in {row["key"] for row in lines(run("rules", "list"))}
        (set_,) = lines(run("rules", "set", KEY, "prefix=lo", **to))
        assert value(set_) == {"prefix": "lo"}
        (shown,) = lines(run("rules", "show", KEY, **to))
        assert shown["files"]["rule.rego"] == (rule / "rule.rego").read_text()
        (retired,) = lines(run("rules", "remove", KEY, **to))
        assert retired["retired"]["by"].endswith(":admin")


def test_rules_of_ones_own_in_a_store(tmp_path):
    rule, data = written(tmp_path), tmp_path / "data"
    assert lines(run("rules", "add", rule, "--data", data))[0]["version"] == 1
    (days,) = lines(run("rules", "set", "iam.rotate-access-key-90-days", "days=60", "--data", data))
    assert value(days) == {"days": 60}
    wrong = run("rules", "set", "iam.rotate-access-key-90-days", "days=soon", "--data", data)
    assert wrong.returncode == 1 and "params.days: must be a whole number" in wrong.stderr
    rego = rule / "rule.rego"
    rego.write_text(rego.read_text().replace("configuration.name\n", "configuration.nome\n"))
    refused = run("rules", "add", rule, "--data", data)
    assert refused.returncode == 3 and f"{KEY}/rule.rego:4: " in refused.stderr
    assert lines(run("rules", "list", "--data", data))[0]["version"] == 1
    assert run("rules", "list", "--data", tmp_path / "nowhere").returncode == 1
