"""Which server or store commands talk to, and exit code 2 for wrong usage (DESIGN 7)."""

import json

import pytest

from findings import finding
from posture import ROOT, run, serving

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    file = tmp_path_factory.mktemp("usage") / "r.json"
    file.write_text(json.dumps([finding()]))
    return file


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["import", "REPORT"], {}, "--url"),
        (["import", "REPORT", "--url", NOWHERE], {}, "--token"),
        (["import", "REPORT", "--url", NOWHERE, "--token", "nonsense"], {}, "--token"),
        (["import", "REPORT"], {"POSTURE_URL": NOWHERE, "POSTURE_TOKEN": "nonsense"}, "--token"),
        (["keys", "list", "--url", NOWHERE], {}, "--token"),
        (["keys", "list", "--url", NOWHERE, "--token", "nonsense"], {}, "--token"),
        (["keys", "list", "--token", "nonsense"], {}, "--url"),
        (["jobs", "--url", NOWHERE, "--data", "DATA"], {}, "--data"),
        (["jobs"], {"POSTURE_URL": NOWHERE}, "--token"),
        (["accounts", "list"], {"POSTURE_URL": NOWHERE, "POSTURE_TOKEN": "x"}, "--token"),
        (["keys", "create", "--data", "DATA", "--scopes", "admin", "--name", "a b"], {}, "--name"),
        (["keys", "create", "--data", "DATA", "--scopes", "admin", "--accounts", "abc"], {}, "--accounts"),
        (["keys", "create", "--data", "DATA", "--scopes", "root"], {}, "--scopes"),
        (["keys", "create", "--data", "DATA", "--scopes", "admin", "--tenant", "a/b"], {}, "--tenant"),
        (["verify", "--data", "DATA", "--tenant", ""], {}, "--tenant"),
    ],
)
def test_wrong_usage_is_named_and_ends_with_2(tmp_path, report, arguments, settings, named):
    places = {"REPORT": report, "DATA": tmp_path / "data"}
    done = run(*(places.get(argument, argument) for argument in arguments), **settings)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert named in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_log_that_nothing_would_be_selected_by_is_refused(tmp_path):
    for log in ("[{tenant}]=debug", "[request]=info"):
        done = run("jobs", "--data", tmp_path, POSTURE_LOG=log)
        assert done.returncode == 1 and f"POSTURE_LOG: {log} asks for" in done.stderr, done.stderr


def test_a_url_that_is_none_is_wrong_usage(server, report):
    for url in ("localhost:9000", "", "http://"):
        done = run("import", report, "--url", url, "--token", server.key["token"])
        assert done.returncode == 2 and "--url" in done.stderr, url


def test_the_settings_name_the_server_unless_a_store_is_named(tmp_path):
    with serving() as server:
        to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
        assert json.loads(run("keys", "list", **to).stdout)["name"] == "admin"
        named = run("accounts", "set", "123456789012", "--name", "Shop", "--group", "EU", **to)
        assert named.returncode == 0, named.stderr
        assert json.loads(run("accounts", "list", **to).stdout)["name"] == "Shop"
        assert run("jobs", **to).returncode == 0
        assert run("jobs", "--token", server.key["token"], POSTURE_URL=server.url).returncode == 0
        there = run("accounts", "list", "--data", tmp_path, **to)
        assert (there.returncode, there.stdout) == (1, ""), "a store that is named goes before the settings"
        assert f"no store in the folder {tmp_path}" in there.stderr
