"""Which tenant's ledger `posture verify`, `export` and `rebuild` work on (DESIGN 7)."""

import json
import os
import re

import pytest

from findings import finding
from posture import ROOT, run, serving


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store in which the tenant acme alone has commits, and beta has a key."""
    data = tmp_path_factory.mktemp("ledgers") / "data"
    keys = {}
    for tenant in ("acme", "beta"):
        made = run("keys", "create", "--data", data, "--tenant", tenant, "--scopes", "admin")
        keys[tenant] = json.loads(made.stdout)["key"]
    with serving(data) as server:
        server.client(keys["acme"]).batch_import_findings(Findings=[finding()])
    return data


@pytest.mark.parametrize("command", ["verify", "export", "rebuild"])
def test_the_deployments_tenant_is_meant(folder, tmp_path, command):
    file = tmp_path / "ledger"
    arguments = [command, *([file] if command == "export" else []), "--data", folder]
    for more, settings in ((["--tenant", "acme"], {"POSTURE_TENANT": "beta"}), ([], {"POSTURE_TENANT": "acme"})):
        done = run(*arguments, *more, **settings)
        assert done.returncode == 0, done.stderr
        assert "tenant acme" in done.stderr
        assert json.loads(done.stdout)["seq"] == 1
    file.write_text("kept")
    for more, settings in (([], {}), (["--tenant", "beta"], {"POSTURE_TENANT": "acme"}), (["--tenant", "acne"], {})):
        done = run(*arguments, *more, **settings)
        assert (done.returncode, done.stdout) == (1, ""), done.stdout
        assert "has no commits" in done.stderr and "acme" in done.stderr
    assert file.read_text() == "kept", "an export that fails leaves the last one alone"


@pytest.mark.parametrize(
    "command",
    [["verify"], ["export", "FILE"], ["rebuild"], ["jobs"], ["keys", "list"], ["keys", "revoke", "x"], ["accounts", "list"]],
)
def test_a_store_that_is_not_there_is_named_and_not_made(tmp_path, command):
    new, there, file = tmp_path / "new", tmp_path / "there", tmp_path / "ledger"
    there.mkdir()
    for folder in (new, there):
        done = run(*(file if part == "FILE" else part for part in command), "--data", folder)
        assert (done.returncode, done.stdout) == (1, ""), done.stdout
        assert f"no store in the folder {folder}" in done.stderr
    assert list(tmp_path.iterdir()) == [there] and list(there.iterdir()) == []


@pytest.mark.parametrize("command", [["verify"], ["export", "-"], ["rebuild"]])
def test_a_ledger_that_nobody_began_is_none(tmp_path, command):
    data = tmp_path / "data"
    assert run("keys", "create", "--data", data, "--tenant", "default", "--scopes", "admin").returncode == 0
    done = run(*command, "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "tenant default has no commits" in done.stderr


@pytest.mark.parametrize("command", [["verify"], ["keys", "list"], ["keys", "create", "--scopes", "admin"], ["serve"]])
def test_a_store_without_its_master_is_refused(tmp_path, command):
    data = tmp_path / "data"
    assert run("keys", "create", "--data", data, "--tenant", "acme", "--scopes", "admin").returncode == 0
    kept = (data / "master.json").read_bytes()
    (data / "master.json").unlink()
    more = ["--listen", "127.0.0.1:0"] if command == ["serve"] else []
    done = run(*command, *more, "--data", data)
    assert (done.returncode, done.stdout) == (1, "")
    assert "master.json is missing" in done.stderr and "backup" in done.stderr
    assert not (data / "master.json").exists()
    (data / "master.json").write_bytes(kept)
    assert run("keys", "list", "--data", data, "--tenant", "acme").returncode == 0


def test_an_export_goes_to_stdout_and_is_verified_from_there(folder, tmp_path):
    done = run("export", "-", "--data", folder, "--tenant", "acme", text=False)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "export"
    assert run("export", file, "--data", folder, "--tenant", "acme").returncode == 0
    assert done.stdout == file.read_bytes()
    assert run("verify", "--offline", file).returncode == 0
    assert run("verify", "--offline", file, "--tenant", "x").returncode == 2


def test_an_export_never_lands_in_a_store(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    run("keys", "create", "--data", elsewhere, "--tenant", "default", "--scopes", "admin")
    (tmp_path / "link").symlink_to(folder / "ledger.db")
    for file in (folder / "ledger.db", folder / "new", elsewhere / "master.json", tmp_path / "link"):
        before = file.read_bytes() if file.exists() else None
        done = run("export", file, "--data", folder, "--tenant", "acme")
        assert (done.returncode, done.stdout) == (1, "") and "holds a store" in done.stderr
        assert (file.read_bytes() if file.exists() else None) == before
    assert run("verify", "--data", folder, "--tenant", "acme").returncode == 0


def test_only_the_owner_may_read_stores_and_exports(tmp_path):
    data, file = tmp_path / "data", tmp_path / "export"
    os.umask(before := os.umask(0o022))
    assert before != 0o077, "otherwise this proves nothing"
    with serving(data) as server:
        server.client().batch_import_findings(Findings=[finding()])
        made = {path.name: path.stat().st_mode & 0o777 for path in data.iterdir()}
    assert data.stat().st_mode & 0o777 == 0o700
    assert {"ledger.db", "ledger.db-wal", "master.json"} <= set(made) and set(made.values()) == {0o600}, made
    file.write_text("old")
    file.chmod(0o644)
    assert run("export", file, "--data", data).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_anchor_proves_that_the_log_extends_it(folder, tmp_path):
    event = ["event", "verify-ledgers", ROOT / "events" / "verify-ledgers.json", "--data", folder]
    told = run(*event, POSTURE_TENANT="acme")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {"anchors": 1, "done": True, "problems": 0, "slices": 4}
    anchor = re.search(r"anchor=\"?(anchor1:acme:[0-9]+-1:([0-9a-f]{64}):1:[0-9a-f]{64})", told.stderr)
    assert anchor, told.stderr
    whole, chain = anchor.groups()
    verify = ["verify", "--data", folder, "--tenant", "acme", "--anchor"]
    for kept in (whole, chain):
        done = run(*verify, kept)
        assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, 0), done.stderr
    other = run(*verify, "0" * 64)
    assert other.returncode == 1 and "does not extend the anchor" in other.stderr
    forged = whole[:-1] + ("0" if whole[-1] != "0" else "1")
    refused = run(*verify, forged)
    assert refused.returncode == 1 and "was not signed" in refused.stderr and not refused.stdout
    assert run(*verify, whole.replace(":1:", ":2:")).returncode == 1, "another master"
    assert run(*verify, whole[:-1]).returncode == 2, "no anchor at all"
    file = tmp_path / "ledger"
    assert run("export", file, "--data", folder, "--tenant", "acme").returncode == 0
    offline = run("verify", "--offline", file, "--anchor", whole)
    assert offline.returncode == 0 and "signature is not checked" in offline.stderr
    quiet = run(*event, POSTURE_TENANT="acme")
    assert json.loads(quiet.stdout) == {"anchors": 0, "done": True, "problems": 0, "slices": 0}
