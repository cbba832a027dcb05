"""`/docs` in a browser: it shows every operation and complains of nothing. Needs Chromium, on Debian `chromium`."""

import json
import re
import shutil
import subprocess
import sys
import pathlib
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from posture import serving  # noqa: E402

NAMES = ("chromium", "chromium-browser", "google-chrome")


def opened(url, profile):
    """The page's elements once it has shown itself, and what the browser said on its console."""
    program = next((found for found in map(shutil.which, NAMES) if found), None)
    if program is None:
        pytest.fail("there is no Chromium here; on Debian it is the package chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={profile}"]
    command = [program, *flags, "--virtual-time-budget=5000", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_every_operation_is_shown_without_a_complaint(tmp_path):
    with serving() as server:
        document = json.load(urllib.request.urlopen(f"{server.url}/openapi.json", timeout=30))
        operations = [one for methods in document["paths"].values() for one in methods.values()]
        known = {one["operationId"] for one in operations if "x-same-as" not in one}
        for name in sorted(known)[:3] + ["bitdefender-get-finding-changes"]:
            page, complaints = opened(f"{server.url}/docs#{name}", tmp_path / "profile")
            assert complaints == []
            assert set(re.findall(r'class="operation" id="([^"]+)"', page)) == known
            assert re.search(rf'id="{name}" open', page), "the link opens its operation"
            assert "Answers" in page
