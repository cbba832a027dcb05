"""The stream of findings, cut a thousand times."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from test_infracast_stream_findings import cut_and_resume  # noqa: E402


def test_a_thousand_kills_lose_and_repeat_nothing():
    cut_and_resume(1000)
