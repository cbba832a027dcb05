"""What `posture serve` says when it starts (DESIGN 7)."""

import re
import socket
from datetime import datetime, timedelta, timezone

import pytest

from findings import finding
from posture import run, serving


def test_an_address_in_use_is_told_with_the_way_out(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("serve", "--listen", address, "--data", tmp_path / "data")
    assert (done.returncode, done.stdout) == (1, "")
    assert address in done.stderr and "--listen" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("address", "warned"), [("127.0.0.1:0", False), ("[::1]:0", False), ("0.0.0.0:0", True)])
def test_without_tls_an_open_address_is_warned_of(address, warned):
    if address.startswith("[") and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with serving(listen=address) as server:
        assert ("TLS" in server.log()) == warned


def test_a_clock_elsewhere_is_warned_of(tmp_path):
    with serving(tmp_path) as server:
        server.client().batch_import_findings(Findings=[finding()])
        assert "never go back" not in server.log()
        key = server.key
    with serving(tmp_path) as server:
        assert "never go back" not in server.log(), "in order"
    with serving(tmp_path, "--clock", "2024-01-04T15:25:10Z") as server:
        told = [line for line in server.log().splitlines() if "never go back" in line]
        assert len(told) == 2, told
        assert "2024-01-04T15:25:1" in told[0] and "machine" in told[0]
        assert "tenant default has a commit of" in told[1]
    with serving(tmp_path, "--clock", "2099-01-04T15:25:10Z") as server:
        told = [line for line in server.log().splitlines() if "never go back" in line]
        assert len(told) == 1 and "2099-01-04T15:25:1" in told[0]
        server.client(key).batch_import_findings(Findings=[finding("later")])
    with serving(tmp_path) as server:
        told = [line for line in server.log().splitlines() if "never go back" in line]
        assert len(told) == 1 and "has a commit of 2099" in told[0], "the machine's own clock is behind the log"


def test_findings_from_the_future_are_taken_and_counted():
    in_minutes = lambda minutes: (datetime.now(timezone.utc) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with serving() as server:
        batch = [finding("now", UpdatedAt=in_minutes(3)), finding("then", UpdatedAt=in_minutes(60))]
        assert server.client().batch_import_findings(Findings=batch)["SuccessCount"] == 2
        assert server.client().batch_import_findings(Findings=batch[:1])["SuccessCount"] == 1
        told = [line for line in server.log().splitlines() if "ahead of the clock" in line]
    assert len(told) == 1 and "findings=1 " in re.sub(r"\x1b\[[0-9;]*m", "", told[0]) + " "
