"""From a function's start to its first answer, beside a function that does nothing, in the same run.

In `make test` the programs are those of the debug build, so the table says how functions compare with each other; `make prove` has
the packaged ones, and holds them to their targets (DESIGN §4).
"""

import json
import statistics
import subprocess

import pytest

from cold_start import start
from lambda_runtime import program_of
from posture import PROGRAM, ROOT, environment, run

#: So many starts of each, in turns, so that a busy moment meets all of them.
ROUNDS = 5
#: What the empty function's CPU may be multiplied by in the debug build, half of which is not optimised; 3 to 4 when it was written.
MOST_IN_DEBUG = 8


@pytest.fixture(scope="module")
def store():
    """A table with a tenant that has a key and nothing else, on this machine: what functions find in their environment, and the key."""
    process = subprocess.Popen([PROGRAM, "dynamodb"], stdout=subprocess.PIPE, env=environment())
    try:
        url = json.loads(process.stdout.readline())["url"]
        variables = {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "POSTURE_MASTER": "1:" + "5a" * 32,
        }
        wish = ["--tenant", "default", "--scopes", "admin", "--name", "functions", "--endpoint-url", url]
        made = run("keys", "create", *wish, **variables)
        assert made.returncode == 0, made.stderr
        token = json.loads(made.stdout.splitlines()[-1])["key"]["token"]
        yield variables | {"TABLE_NAME": "posture-ledger", "POSTURE_TENANT": "default"}, token
    finally:
        process.kill()
        process.wait()


def routes():
    """Functions that a gateway wakes, by what their sample events hold."""
    for path in sorted((ROOT / "events").glob("*.json")):
        if "requestContext" in json.loads(path.read_text()):
            yield path.stem


def measured(store, program_of, empty):
    """Starts of every function, and of the empty one: by name, lists of them."""
    variables, token = store
    starts = {}
    for _ in range(ROUNDS):
        for function in [None, *routes()]:
            program = program_of(function) if function else empty
            event = (ROOT / "events" / f"{function or 'get-job'}.json").read_text().replace("TOKEN", token)
            one = start(program, function or "empty", event.encode(), **variables)
            path, body = one.answer
            assert path.endswith(b"/response"), (function, body)
            # Things that are named are not there, and some can be made only once.
            assert function is None or b"\"statusCode\":5" not in body, (function, body)
            starts.setdefault(function, []).append(one)
    return starts


def table(starts, sizes=None):
    """Rows for people: medians, and their ratios to the empty function."""
    middle = {name: [statistics.median(getattr(s, what) for s in all) for what in ("wall", "cpu", "memory")] for name, all in starts.items()}
    empty = middle.pop(None)
    lines = ["", f"{'from start to first answer':<42} {'ms':>7} {'x':>5} {'CPU ms':>7} {'x':>5} {'MB':>6} {'zip KB':>7}"]
    ratios = {}
    for name, (wall, cpu, memory) in [("an empty function", empty), *sorted(middle.items())]:
        ratios[name] = wall / empty[0], cpu / empty[1]
        size = f"{sizes[name] / 1000:7.0f}" if sizes and name in sizes else ""
        lines.append(f"{name:<42} {wall:7.2f} {ratios[name][0]:5.2f} {cpu:7.2f} {ratios[name][1]:5.2f} {memory:6.1f} {size}")
    return "\n".join(lines), ratios


def test_every_endpoint_starts_and_answers(store, capsys):
    starts = measured(store, program_of, PROGRAM.parent / "examples" / "empty-function")
    text, ratios = table(starts)
    with capsys.disabled():
        print(text)
    assert len(ratios) > 55
    assert statistics.median(cpu for _, cpu in ratios.values()) < MOST_IN_DEBUG
