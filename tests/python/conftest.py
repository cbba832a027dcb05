"""A server for each file of tests, and a client for it."""

import pytest

from posture import PROGRAM, serving


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
