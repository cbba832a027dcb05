"""What a stock client's own retries do: a request whose answer was lost is sent again, and counts once."""

import contextlib
import http.client
import http.server
import urllib.parse

import pytest

from findings import find, finding, history, key_of
from loopback import listening


@contextlib.contextmanager
def losing(server, losses, status=None):
    """A way to the server that loses the first answers, or gives a status instead of passing the request on."""
    address = urllib.parse.urlsplit(server.url).netloc
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append(self.path)
            lose = len(seen) <= losses
            if lose and status:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            onward = http.client.HTTPConnection(address)
            onward.request(self.command, self.path, body, dict(self.headers.items()))
            answer = onward.getresponse()
            content = answer.read()
            onward.close()
            if lose:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("date", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_PATCH = do_POST

        def log_message(self, *_):
            pass

    with listening(Handler) as url:
        yield url, seen


@pytest.mark.parametrize("mode", ["standard", "legacy"])
def test_an_import_whose_answer_was_lost_counts_once(server, client, mode):
    one = finding()
    with losing(server, 1) as (url, seen):
        retrying = server.client(url=url, retries={"mode": mode})
        answer = retrying.batch_import_findings(Findings=[one])
    assert len(seen) == 2 and answer["SuccessCount"] == 1
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert len(history(client, one)) == 1


def test_an_update_whose_answer_was_lost_counts_once(server, client):
    one = finding()
    client.batch_import_findings(Findings=[one])
    with losing(server, 1) as (url, seen):
        retrying = server.client(url=url)
        answer = retrying.batch_update_findings(
            FindingIdentifiers=[key_of(one)], Note={"Text": "once", "UpdatedBy": "amara"}
        )
    assert len(seen) == 2 and answer["ProcessedFindings"] == [key_of(one)]
    assert find(client, one)["Note"]["Text"] == "once"


def test_a_busy_answer_is_waited_out(server):
    with losing(server, 2, status=503) as (url, seen):
        answer = server.client(url=url).get_findings()
    assert len(seen) == 3 and answer["ResponseMetadata"]["RetryAttempts"] == 2
