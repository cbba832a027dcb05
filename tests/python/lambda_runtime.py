"""Lambda's runtime API, as a program of `functions/` meets it: it asks for events and posts what became of each."""

import contextlib
import http.server
import json
import queue
import re
import subprocess
import threading
import time

from posture import PROGRAM, ROOT, environment

#: How long a function may take for one event.
SECONDS = 30
#: What stands between head and body of an answer that goes out in pieces.
SEPARATOR = b"\0" * 8


class Outcome:
    """What a function posted about one event."""

    def __init__(self, is_error, headers, body):
        self.is_error = is_error
        self._headers = headers
        self._body = body

    @property
    def is_streamed(self):
        return self._headers.get("lambda-runtime-function-response-mode") == "streaming"

    def json(self):
        """An error, or the answer of a function that no gateway asked."""
        return json.loads(self._body)

    def answer(self):
        """Status, headers and text of an answer for a gateway, in either form."""
        if not self.is_streamed:
            whole = self.json()
            headers = {name.lower(): values[0] for name, values in whole.get("multiValueHeaders", {}).items()}
            assert not whole.get("isBase64Encoded"), "all answers are texts"
            return whole["statusCode"], headers | whole.get("headers", {}), whole["body"] or ""
        assert self._headers["content-type"] == "application/vnd.awslambda.http-integration-response"
        head, body = self._body.split(SEPARATOR, 1)
        head = json.loads(head)
        return head["statusCode"], head["headers"], body.decode()


class Runtime:
    """The API, with a function that runs against it."""

    def __init__(self, url, process):
        self.url = url
        self.process = process
        self.events = queue.Queue()
        self.outcomes = queue.Queue()

    def invoke(self, event, seconds=10):
        """Hands over an event, as JSON text or what JSON is made of, whose invocation may take so long."""
        text = event if isinstance(event, str) else json.dumps(event)
        self.events.put((text.encode(), time.time() + seconds))
        return self.outcomes.get(timeout=SECONDS)


def functions():
    """The names of all functions, each with its program: as the template has them."""
    text = (ROOT / "template.yaml").read_text()
    pairs = re.findall(r"CodeUri: target/lambda/([a-z-]+)/bootstrap.zip\n +Handler: ([a-z-]+)\n", text)
    return {name: PROGRAM.with_name(program) for program, name in pairs}


def environment_of(function, port, **variables):
    """What Lambda sets for a function whose runtime API listens on a port of this machine, and what else it is told."""
    lambdas = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "_HANDLER": function,
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_LOG_GROUP_NAME": function,
        "AWS_LAMBDA_LOG_STREAM_NAME": function,
    }
    return environment(**lambdas | variables)


def program_of(function):
    return functions()[function]


@contextlib.contextmanager
def running(function, **variables):
    """A function, started as Lambda does it."""
    runtime = Runtime(None, None)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            assert self.path.endswith("/runtime/invocation/next"), self.path
            event = runtime.events.get()
            if event is None:
                self.close_connection = True
                return
            body, deadline = event
            self.send_response(200)
            self.send_header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("lambda-runtime-deadline-ms", str(int(deadline * 1000)))
            self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:210987654321:function:f")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.read()
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()
            runtime.outcomes.put(Outcome(self.path.endswith("/error"), headers, body))

        def read(self):
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            body = b""
            while length := int(self.rfile.readline(), 16):
                body += self.rfile.read(length)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # Trailers, which say why an answer broke off.
            return body

        def log_message(self, *_):
            pass

    with contextlib.ExitStack() as stack:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        stack.callback(server.server_close)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        env = environment_of(function, server.server_port, **variables)
        process = subprocess.Popen([program_of(function)], env=env, stdout=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.kill)
        stack.callback(runtime.events.put, None)
        runtime.process = process
        yield runtime
