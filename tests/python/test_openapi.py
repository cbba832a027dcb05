"""`/openapi.json` against the server that it describes: Schemathesis makes requests of it and checks the answers."""

import pathlib
import subprocess
import sys

from posture import ROOT, run

# A failure of the server, a status or a media type that is not described, a body that its schema does not allow.
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SECONDS = 240


def test_answers_are_as_described(server, tmp_path):
    samples = sorted((ROOT / "samples").glob("*.asff.json"))
    imported = run("import", *samples, "--url", server.url, "--token", server.key["token"])
    assert imported.returncode == 0, imported.stderr
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(f'[parameters]\n"path.tenantID" = "{server.ready["tenant"]}"\n')
    program = pathlib.Path(sys.executable).with_name("schemathesis")
    few = ["--phases", "examples,fuzzing", "--max-examples", "3", "--no-shrink", "--seed", "1", "--warnings", "off"]
    command = [str(program), "--config-file", str(settings), "run", f"{server.url}/openapi.json", "--checks", CHECKS, *few]
    # A stream goes on for minutes; its tests are its own.
    command += ["--exclude-path-regex", "/findings/stream$"]
    command += ["--suppress-health-check", "all", "--header", f"Authorization: Bearer {server.key['token']}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
