"""Which tenant's ledger `posture verify`, `export` and `rebuild` work on (DESIGN 7)."""

import json

import pytest

from findings import finding
from posture import run, serving


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


def test_in_a_new_folder_there_is_nothing_to_mistake(tmp_path):
    done = run("verify", "--data", tmp_path / "new")
    assert (done.returncode, json.loads(done.stdout)["commits"]) == (0, 0), done.stderr
    assert "tenant default" in done.stderr
    file = tmp_path / "export"
    assert run("export", file, "--data", tmp_path / "new").returncode == 0
    assert run("verify", "--offline", file).returncode == 0
    assert run("verify", "--offline", file, "--tenant", "x").returncode == 2
