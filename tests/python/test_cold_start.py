"""From a function's start to its first answer, beside a function that does nothing, in the same run.

In `make test` the programs are those of the debug build, so the table says how functions compare with each other; `make prove` has
the packaged ones, and holds them to their targets (DESIGN §4).
"""

import json
import re
import statistics

from cold_start import start
from lambda_runtime import program_of
from posture import PROGRAM, ROOT, admin, dynamodb

#: So many starts of each, in turns, so that a busy moment meets all of them.
ROUNDS = 5
#: What the empty function's CPU may be multiplied by in the debug build, half of which is not optimised; 3 to 4 when it was written.
MOST_IN_DEBUG = 8


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


def measured(program_of, empty, store=PROGRAM):
    """Starts of every function, and of the empty one, by name, lists of them: the tenant is empty each time."""
    starts, readers = {}, reads()
    with dynamodb(program=store) as cloud:
        untouched = admin(cloud, "untouched")
        for turn in range(ROUNDS):
            for function in [None, *routes()]:
                is_reader = function is None or function in readers
                name = "untouched" if is_reader else f"{function}-{turn}"
                token = untouched if is_reader else admin(cloud, name)
                program = program_of(function) if function else empty
                told = cloud | {"TABLE_NAME": "posture-ledger", "POSTURE_TENANT": name}
                one = start(program, function or "empty", event_of(function or "get-job", name, token), **told)
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
