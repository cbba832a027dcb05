"""A server that is killed in the middle of a decision about many findings."""

import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from posture import Server, run  # noqa: E402
from test_decide_findings import MANY, accept_many, ask, check_done  # noqa: E402


def test_the_next_server_goes_on(tmp_path):
    server = Server(tmp_path)
    token = server.key["token"]
    try:
        job_id = accept_many(server)
        while not 0 < ask(server.url, token, "GET", f"/jobs/{job_id}")[1]["counts"]["changed"] < MANY:
            time.sleep(0.005)
        server.kill()
        server = Server(tmp_path)
        assert ask(server.url, token, "GET", f"/jobs/{job_id}")[1]["status"] == "running"
        # Whoever was at it has a minute to be heard of again; nobody else takes it before.
        check_done(server.url, token, job_id, timeout=120)
    finally:
        server.stop()
    shown = [json.loads(line) for line in run("jobs", "--data", tmp_path).stdout.splitlines()]
    assert [job["counts"]["changed"] for job in shown if job["kind"] == "decision"] == [MANY]
    verified = run("verify", "--data", tmp_path)
    assert verified.returncode == 0, verified.stdout + verified.stderr
