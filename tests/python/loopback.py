"""A small server on loopback that answers by a script, for what the real one does not do on demand."""

import contextlib
import http.server
import json
import threading
import types

LOST = object()


@contextlib.contextmanager
def listening(handler):
    """The URL of a server, each request of which has a handler of this class."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def answering(respond):
    """A server's URL and the requests that it has seen.

    `respond` is called with the handler, which has `path`, `headers` and `body`, and with the number of the request from
    0. It gives status, headers and a body, or LOST to hang up without an answer; or it writes for itself, and gives None.
    """
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.append(types.SimpleNamespace(method=self.command, path=self.path, headers=self.headers, body=self.body))
            told = respond(self, len(seen) - 1)
            if told is None or told is LOST:
                self.close_connection = True
                return
            status, headers, body = told
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": len(content), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    with listening(Handler) as url:
        yield url, seen


def in_turn(*answers):
    """Answers one after the other; the last one again and again."""
    return lambda _handler, number: answers[min(number, len(answers) - 1)]


def begin_stream(handler, is_chunked):
    """The head of a stream; what follows goes out by `write`. Without chunks, the end is when the server hangs up."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.send_header("Transfer-Encoding", "chunked") if is_chunked else handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.flush()

    def write(part):
        if part:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if is_chunked else part)
            handler.wfile.flush()

    return write
