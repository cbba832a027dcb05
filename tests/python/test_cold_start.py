"""From a function's start to its first answer, beside a function that does nothing, in the same run.

In `make test` the programs are those of the debug build, so the table says how functions compare with each other; `make prove` has
the packaged ones, and holds them to their targets (DESIGN §4).
"""

import contextlib
import json
import re
import statistics
import subprocess

from cold_start import start
from lambda_runtime import program_of
from posture import PROGRAM, ROOT, environment, run

#: So many starts of each, in turns, so that a busy moment meets all of them.
ROUNDS = 5
#: What the empty function's CPU may be multiplied by in the debug build, half of which is not optimised; 3 to 4 when it was written.
MOST_IN_DEBUG = 8


@contextlib.contextmanager
def store():
    """A store on this machine: what functions find in their environment."""
    process = subprocess.Popen([PROGRAM, "dynamodb"], stdout=subprocess.PIPE, env=environment())
    try:
        url = json.loads(process.stdout.readline())["url"]
        yield {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL_DYNAMODB": url,
            "POSTURE_MASTER": "1:" + "5a" * 32,
        }
    finally:
        process.kill()
        process.wait()


def tenant(variables, name):
    """A tenant that has a key and nothing else: the environment of its deployment, and the key."""
    wish = ["--tenant", name, "--scopes", "admin", "--name", "functions"]
    made = run("keys", "create", *wish, "--endpoint-url", variables["AWS_ENDPOINT_URL_DYNAMODB"], **variables)
    assert made.returncode == 0, made.stderr
    variables = variables | {"TABLE_NAME": "posture-ledger", "POSTURE_TENANT": name}
    return variables, json.loads(made.stdout.splitlines()[-1])["key"]["token"]


def event_of(function, name, token):
    """The sample event of a function, sent to a tenant with its key."""
    text = (ROOT / "events" / f"{function}.json").read_text()
    return text.replace("TOKEN", token).replace("/tenants/default/", f"/tenants/{name}/").encode()


def routes():
    """Functions that a gateway wakes, by what their sample events hold."""
    for path in sorted((ROOT / "events").glob("*.json")):
        if "requestContext" in json.loads(path.read_text()):
            yield path.stem


def reads():
    """Functions that only read, as the template has their rights."""
    template = (ROOT / "template.yaml").read_text()
    rights = re.findall(r"Handler: ([a-z-]+)\n(?:(?!      Handler:).*\n)*?      Policies: (.*)\n", template)
    found = {function for function, policies in rights if "LedgerReadPolicy" in policies}
    assert len(found) > 20, found
    return found


def measured(program_of, empty):
    """Starts of every function, and of the empty one, by name, lists of them: the tenant is empty each time."""
    starts, readers = {}, reads()
    with store() as variables:
        untouched = tenant(variables, "untouched")
        for turn in range(ROUNDS):
            for function in [None, *routes()]:
                is_reader = function is None or function in readers
                found, token = untouched if is_reader else tenant(variables, f"{function}-{turn}")
                event = event_of(function or "get-job", found["POSTURE_TENANT"], token)
                program = program_of(function) if function else empty
                one = start(program, function or "empty", event, **found)
                path, body = one.answer
                assert path.endswith(b"/response"), (function, body)
                # Things that are named are not there.
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


def test_every_endpoint_starts_and_answers(capsys):
    starts = measured(program_of, PROGRAM.parent / "examples" / "empty-function")
    text, ratios = table(starts)
    with capsys.disabled():
        print(text)
    assert len(ratios) > 55
    assert statistics.median(cpu for _, cpu in ratios.values()) < MOST_IN_DEBUG
