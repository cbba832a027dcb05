"""A server for each file of tests, and a client for it."""

import sys

import pytest

from posture import PROGRAM, ROOT, serving

# As it lies here, so that what is tested is never an older one that somebody has installed.
sys.path.insert(0, str(ROOT / "clients" / "python" / "src"))


def pytest_sessionstart(session):
    if not PROGRAM.exists():
        pytest.exit(f"{PROGRAM} is not built; `make test` builds it", returncode=1)


@pytest.fixture(scope="module")
def server():
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    return server.client()
