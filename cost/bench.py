"""What `posture bench` prints, as rows.

A row is a name, a target, and then either six columns (rounds, requests, read units, write units, bytes, milliseconds) or
one figure in words. A name that is indented belongs to the row above it, and is found as `row above / name`.
"""

import json
import re
from dataclasses import dataclass

COLUMNS = ("rounds", "requests", "read", "write", "bytes", "ms")
# The columns' widths and the blanks between them, as the program's table has them.
WIDTH = 52
# What a name may end in that says more about the run than about the row.
MORE = re.compile(r",? ?(\(.*\)|and a fold of [0-9.]+)$")


class BenchError(ValueError):
    """The text is not what `posture bench` prints, or lacks a row."""


@dataclass(frozen=True)
class Row:
    """A row: what was counted, or the numbers of its figure in the order in which they stand there."""

    name: str
    counts: dict[str, float]
    figures: tuple[float, ...]
    text: str

    def __getitem__(self, column):
        if column not in self.counts:
            raise BenchError(f"`{self.name}` has no {column}: {self.text}")
        return self.counts[column]

    def figure(self, place=0):
        if place >= len(self.figures):
            raise BenchError(f"`{self.name}` has no figure {place + 1}: {self.text}")
        return self.figures[place]


class Bench:
    """The rows of one run."""

    def __init__(self, text):
        lines = text.splitlines()
        start = next((number for number, line in enumerate(lines) if line.endswith("ms  result")), None)
        if start is None:
            raise BenchError("this is not what `posture bench` prints: no line of it names the columns")
        header = lines[start]
        target, counted = header.index("target"), header.index("rounds")
        self._rows = {}
        above = ""
        for line in lines[start + 1 :]:
            if line.startswith("{"):
                self.findings = int(json.loads(line)["findings"])
                break
            name = line[:target].rstrip()
            if name.startswith("  "):
                name = f"{above} / {name.strip()}"
            else:
                name = above = MORE.sub("", name)
            self._rows[name] = row(name, line[counted : counted + WIDTH].strip())
        else:
            raise BenchError("the run did not end: its last line should be a JSON object with `findings`")

    def starting(self, words):
        """The rows whose names start so; there must be one."""
        found = [row for name, row in self._rows.items() if name.startswith(words)]
        if not found:
            raise BenchError(f"`posture bench` printed no row that starts with `{words}`; edit INDEX in cost/model.py if need be")
        return found

    def __getitem__(self, name):
        if name not in self._rows:
            raise BenchError(f"`posture bench` printed no row `{name}`; edit ROWS in cost/model.py if need be")
        return self._rows[name]


def row(name, text):
    parts = text.split()
    if len(parts) >= len(COLUMNS) - 1 and all(re.fullmatch(r"[0-9.]+", part) for part in parts):
        return Row(name, dict(zip(COLUMNS, map(float, parts))), (), " ".join(parts))
    return Row(name, {}, tuple(float(number) for number in re.findall(r"[0-9]+(?:\.[0-9]+)?", text)), text)
