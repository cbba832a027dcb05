"""A server for each file of tests, and a client for it."""

import logging
import sys
import urllib.request

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


@pytest.fixture
def moto():
    """The URL of moto on loopback, with nothing in it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        # What it has it keeps for the life of the process.
        urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST"), timeout=30).close()
        yield url
    finally:
        server.stop()


@pytest.fixture
def hub(moto):
    """Security Hub before moto."""
    from hub import Hub

    with Hub(moto) as before:
        yield before
