"""The stream of findings over real connections: cut anywhere, resumed anywhere, and read by many at once."""

import http.client
import json
import random
import selectors
import socket
import struct
import sys
import threading
import time

import httpx
from posture_ledger import InfracastClient

from findings import finding
from posture import serving

#: Connections that are cut; tests/python/prove cuts more.
KILLS = 250
LISTENERS = 100


def path(server):
    return f"/api/v1/tenants/{server.ready['tenant']}"


def connect(server, last=None, query="status=all"):
    """A connection on which a stream begins, and its answer."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    headers = {"authorization": f"Bearer {server.key['token']}"} | ({"last-event-id": last} if last else {})
    connection.request("GET", f"{path(server)}/findings/stream?{query}", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    return connection, answer


def blocks(received):
    """The complete blocks as id and data, and what is left; what a cut leaves incomplete counts for nothing."""
    *whole, rest = received.split(b"\n\n")
    found = []
    for block in whole:
        fields = dict(line.split(b": ", 1) for line in block.split(b"\n"))
        assert not fields.keys() - {b"id", b"data", b"retry"}, block
        found.append((fields.get(b"id", b"").decode() or None, json.loads(fields[b"data"]) if b"data" in fields else None))
    return found, rest


def changes(server):
    """Position and uid of every change, as the feed has them."""
    rows, after = [], ""
    with httpx.Client(headers={"authorization": f"Bearer {server.key['token']}"}) as client:
        while True:
            page = client.get(f"{server.url}{path(server)}/changes?limit=500{after}").json()
            rows += [(row["position"], row["uid"]) for row in page["items"]]
            if page["next"] is None:
                return rows
            after = f"&after={page['next']}"


class Load(threading.Thread):
    """Changes findings until it is told to stop."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self._client = server.client()
        self._ended = threading.Event()
        self.failure = None

    def run(self):
        try:
            number = 0
            while not self._ended.is_set():
                number += 1
                at = f"2026-03-02T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
                batch = [finding(f"loaded-{n}", at, Title=f"Change {number} of {n}") for n in range(number % 7 * 5 + 1)]
                assert self._client.batch_import_findings(Findings=batch)["FailedCount"] == 0
        except Exception as error:  # Told by the test, which waits for what was changed.
            self.failure = error

    def stop(self):
        self._ended.set()
        self.join()
        assert self.failure is None, self.failure


def test_kills_lose_and_repeat_nothing():
    cut_and_resume(KILLS)


def cut_and_resume(kills):
    """Cuts so many connections under load, and compares what was told with the log."""
    dice = random.Random(7)
    told, last, cut = [], "0-0", 0
    with serving() as server:
        load = Load(server)
        load.start()
        for _ in range(kills):
            connection, answer = connect(server, last)
            received, budget = b"", dice.randrange(1, 12_000)
            while len(received) < budget:
                piece = answer.read1(min(4096, budget - len(received)))
                assert piece, "a stream does not end by itself"
                received += piece
                if dice.random() < 0.05:
                    break
            # With a reset, as when a machine dies: nothing is said to the other side in order.
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            answer.close()
            connection.close()
            found, rest = blocks(received)
            cut += bool(rest)
            for id, data in found:
                last = id or last
                if data is not None:
                    told.append((id, data["finding"]["uid"]))
        load.stop()
        expected = changes(server)
        connection, answer = connect(server, last)
        received = b""
        while len(told) < len(expected):
            received += answer.read1(4096)
            found, received = blocks(received)
            told += [(id, data["finding"]["uid"]) for id, data in found if data is not None]
        connection.close()
        assert told == expected
        assert cut > kills / 4 and len(expected) > kills, "most cuts were within an event, and there was a load"


def test_a_hundred_listeners_are_told(capsys):
    with serving() as server, selectors.DefaultSelector() as selector:
        open_ones = [connect(server) for _ in range(LISTENERS)]
        for connection, answer in open_ones:
            assert answer.fp.readline().strip()  # The opening has come, so that the stream has begun.
            selector.register(connection.sock, selectors.EVENT_READ, bytearray())
        time.sleep(1.0)
        server.client().batch_import_findings(Findings=[finding("told-to-all")])
        began, told, slowest = time.monotonic(), set(), 0.0
        while len(told) < LISTENERS and time.monotonic() < began + 20:
            for key, _ in selector.select(1):
                key.data.extend(key.fileobj.recv(65536))
                if b"finding.created" in key.data and key.fd not in told:
                    told.add(key.fd)
                    slowest = time.monotonic() - began
        assert len(told) == LISTENERS
        with capsys.disabled():
            print(f" (the slowest of {LISTENERS} was told after {slowest:.2f} s)", end="", file=sys.stderr)
        for connection, _ in open_ones:
            connection.close()


def test_a_server_that_stops_ends_its_streams():
    with serving() as server:
        connection, answer = connect(server)
        assert answer.read1(1)
        assert server.stop() == 0
        assert answer.read().endswith(b"\n\n"), "it ends in order, between two events"


def test_the_client_follows_a_list():
    with serving() as server:
        client = InfracastClient(server.url, server.key["token"])
        tenant = server.ready["tenant"]
        server.client().batch_import_findings(Findings=[finding("first")])
        listed = client.findings.list(tenant=tenant)
        assert [one.resource_name for one in listed] == ["first"]
        server.client().batch_import_findings(Findings=[finding("second"), finding("third")])
        with client.findings.stream(tenant=tenant, last_event_id=listed.as_of) as stream:
            events = [next(stream), next(stream)]
        assert [(one.event, one.finding.resource_name) for one in events] == [
            ("finding.created", "second"),
            ("finding.created", "third"),
        ]
        with client.findings.stream(tenant=tenant, last_event_id=events[0].id) as stream:
            assert next(stream) == events[1]
