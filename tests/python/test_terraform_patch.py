"""Patches of `…/terraform-patch`, applied with git and patch, and parsed by a parser that is not ours."""

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import hcl2
import pytest
from posture import ROOT, run, serving

FIXTURES = sorted((ROOT / "tests" / "terraform").glob("*/fixture.json"))
ENDINGS = {
    "lf": lambda text: text,
    "crlf": lambda text: text.replace("\n", "\r\n"),
    "no final newline": lambda text: text.rstrip("\n"),
    "crlf, no final newline": lambda text: text.rstrip("\n").replace("\n", "\r\n"),
}
APPLY = {
    "git": lambda folder, patch: ["git", "apply", str(patch)],
    "patch": lambda folder, patch: ["patch", "-p1", "--no-backup-if-mismatch", "-i", str(patch)],
}


@pytest.fixture(scope="module")
def server():
    with serving(":memory:", "--clock", "2023-11-14T22:14:00Z") as server:
        yield server


def ask(server, method, path, body=None, expected=200):
    request = urllib.request.Request(
        f"{server.url}/api/v1/tenants/{server.ready['tenant']}/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"authorization": f"Bearer {server.key['token']}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            status, body = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        status, body = error.code, json.load(error)
    assert status == expected, body
    return body


def audit(server):
    done = run("audit", "--wait", "--url", server.url, "--token", server.key["token"])
    assert done.returncode == 0, done.stderr


def row_of(server, rule_id):
    rows = ask(server, "GET", "findings?per_page=500")["items"]
    (row,) = [row for row in rows if row["rule_id"] == rule_id]
    return row


def plain(value):
    """A value of hcl2 without the quotes that it leaves around texts."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def found(value, path):
    """Every value at a path, through lists."""
    if isinstance(value, list):
        return [one for item in value for one in found(item, path)]
    if not path:
        return [plain(value)]
    if not isinstance(value, dict):
        return []
    return [one for name, member in value.items() if plain(name) == path[0] for one in found(member, path[1:])]


def without_comments(value):
    if isinstance(value, list):
        return [without_comments(item) for item in value]
    if isinstance(value, dict):
        return {name: without_comments(member) for name, member in value.items() if not name.startswith("__")}
    return value


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_the_patch_applies_and_says_what_it_should(server, path, tmp_path):
    fixture = json.loads(path.read_text())
    main = (path.parent / "main.tf").read_text()
    minute = f"2023-11-14T21:{FIXTURES.index(path):02}"
    item = {**fixture["item"], "configurationItemCaptureTime": f"{minute}:01Z"}
    ask(server, "PUT", "resources", [item])
    audit(server)
    row = row_of(server, fixture["rule_id"])
    route = f"findings/{urllib.parse.quote(row['id'], safe='')}/terraform-patch"
    for ending, written in ENDINGS.items():
        text = written(main)
        ask(server, "PUT", "terraform", {"files": {"a folder/main.tf": text}, "resources": fixture["resources"]})
        assert row_of(server, fixture["rule_id"])["terraform_patch_available"] is True, ask(server, "GET", route)
        patch = tmp_path / "fix.diff"
        patch.write_bytes(ask(server, "GET", route)["patch"].encode())
        results = set()
        for program, command in APPLY.items():
            folder = tmp_path / f"{program} {ending}"
            target = folder / "a folder" / "main.tf"
            target.parent.mkdir(parents=True)
            target.write_bytes(text.encode())
            done = subprocess.run(command(folder, patch), cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (program, ending, done.stdout, done.stderr)
            results.add(target.read_bytes())
            shutil.rmtree(folder)
        (result,) = results
        # A file of one line without an end does not tell how lines end.
        assert result.count(b"\r\n") == (result.count(b"\n") if "\r\n" in text else 0), "line endings stay"
        assert result.endswith(b"\n") == text.endswith("\n")
        before = without_comments(hcl2.loads(text))
        after = without_comments(hcl2.loads(result.decode()))
        assert before != after
        for address, argument, values in fixture["says"]:
            kind, name = address.split(".")
            assert found(after, ["resource", kind, name, *argument.split(".")]) == values, (ending, address, argument)
    ask(server, "PUT", "terraform", {"files": {}})
    # What AWS Config shows once the patch is applied passes.
    mended = {**item, **fixture["after"], "configurationItemCaptureTime": f"{minute}:02Z"}
    ask(server, "PUT", "resources", [mended])
    audit(server)
    finding = ask(server, "GET", f"findings/{urllib.parse.quote(row['id'], safe='')}")
    assert finding["status"] == "resolved"
    gone = {"configurationItemStatus": "ResourceDeleted", "configurationItemCaptureTime": f"{minute}:03Z"}
    ask(server, "PUT", "resources", [{**item, **gone}])
    audit(server)
    said = ask(server, "GET", route, expected=404)["error"]
    assert said["code"] == "NOT_FOUND" and "does not fail" in said["message"]


def test_a_folder_is_pushed_and_nothing_of_its_state_but_addresses(server, tmp_path):
    (tmp_path / "modules" / "db").mkdir(parents=True)
    (tmp_path / ".terraform").mkdir()
    (tmp_path / "main.tf").write_text('module "db" {\n  source = "./modules/db"\n}\n')
    (tmp_path / "modules" / "db" / "main.tf").write_text('resource "aws_db_instance" "main" {\n  multi_az = false\n}\n')
    (tmp_path / ".terraform" / "other.tf").write_text("left = {")
    (tmp_path / "notes.txt").write_text("left")
    attributes = {"id": "db-1", "arn": "arn:aws:rds:eu-west-1:123456789012:db:orders", "password": "hunter2"}
    resource = {"mode": "managed", "type": "aws_db_instance", "name": "main", "module": "module.db"}
    state = {"version": 4, "resources": [{**resource, "instances": [{"attributes": attributes}]}]}
    (tmp_path / "terraform.tfstate").write_text(json.dumps(state))
    to = {"POSTURE_URL": server.url, "POSTURE_TOKEN": server.key["token"]}
    done = run("terraform", "push", tmp_path, "--state", tmp_path / "terraform.tfstate", "--root", "prod", **to)
    assert done.returncode == 0, done.stderr
    pushed = json.loads(done.stdout)
    assert (pushed["root"], pushed["files"], pushed["resources"], pushed["unreadable"]) == ("prod", 2, 1, [])
    (tmp_path / "broken.tf").write_text("x = {")
    done = run("terraform", "push", tmp_path, "--root", "prod", **to)
    assert done.returncode == 3 and done.stderr.startswith("broken.tf: line "), done.stderr
    (tmp_path / "terraform.tfstate").write_text("{}")
    done = run("terraform", "push", tmp_path, "--state", tmp_path / "terraform.tfstate", **to)
    assert done.returncode == 1 and "is no Terraform state" in done.stderr
    (tmp_path / "empty").mkdir()
    done = run("terraform", "push", tmp_path / "empty", **to)
    assert done.returncode == 1 and "has no .tf file" in done.stderr
    assert run("terraform", "push").returncode == 2
