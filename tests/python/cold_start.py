"""From a function's start to its first answer, as Lambda waits for it: wall clock, CPU and memory of one process a time.

The runtime API here is as little as there can be, a socket and two answers, so that what is measured is the function.
"""

import os
import select
import socket
import statistics
import subprocess
import time

from lambda_runtime import environment_of

#: What stands between head and body of an answer in pieces.
SEPARATOR = b"\0" * 8
#: Seconds that a function may say nothing.
PATIENCE = 30
REQUEST = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


class Start:
    """What one start took: milliseconds until the answer was there, milliseconds of CPU, and megabytes at most."""

    def __init__(self, wall, cpu, memory, answer):
        self.wall, self.cpu, self.memory, self.answer = wall, cpu, memory, answer


def start(program, function, event, whole=False, patience=PATIENCE, **variables):
    """Starts a program as a function, hands it an event, and ends it when it has answered: an answer in pieces begun to, or `whole`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        env = environment_of(function, listener.getsockname()[1], **variables)
        began = time.perf_counter()
        process = subprocess.Popen([program], env=env, stdout=subprocess.DEVNULL, close_fds=False)
        try:
            answer, ended, connections = None, None, []
            while answer is None:
                # The program may keep its connection or take another; one that it holds says nothing for a while.
                ready, _, _ = select.select([listener, *connections], [], [], patience)
                assert ready, "the function neither asks nor answers"
                if listener in ready:
                    connection, _ = listener.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    connection.settimeout(patience)
                    connections.append(connection)
                    continue
                head, body = read(ready[0], whole)
                if head is None:
                    connections.remove(ready[0])
                    continue
                path = head.split(b" ", 2)[1]
                if path.endswith(b"/invocation/next"):
                    ready[0].sendall(invocation(event))
                else:
                    ended = time.perf_counter()
                    ready[0].sendall(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")
                    answer = path, body
            memory = peak(process.pid)
        finally:
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = 0
        for connection in connections:
            connection.close()
        return Start((ended - began) * 1000, (usage.ru_utime + usage.ru_stime) * 1000, memory, answer)


def peak(pid):
    """The most memory that a process ever had, in megabytes; `ru_maxrss` would count its parent's from before it was itself."""
    with open(f"/proc/{pid}/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def invocation(event):
    head = (
        f"HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: {REQUEST}\r\n"
        f"lambda-runtime-deadline-ms: {int(time.time() * 1000) + 30000}\r\n"
        "lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:210987654321:function:f\r\n"
        f"content-length: {len(event)}\r\n\r\n"
    )
    return head.encode() + event


def read(connection, whole):
    """One request: head and body; nothing at the end."""
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        part = connection.recv(65536)
        if not part:
            return None, None
        buffer += part
    head, body = buffer.split(b"\r\n\r\n", 1)
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        # An answer in pieces, some of which never end: what a client waits for is what follows its status and headers.
        while SEPARATOR not in body or body.endswith((SEPARATOR, SEPARATOR + b"\r\n")):
            body += more(connection)
        while whole and not (body.endswith(b"\r\n\r\n") and b"\r\n0\r\n" in body):
            body += more(connection)
        return head, body
    length = 0
    for line in lower.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += more(connection)
    return head, body


def more(connection):
    part = connection.recv(65536)
    if not part:
        raise EOFError("the function ended in the middle of its answer")
    return part


def typical(starts):
    """The median of each figure."""
    return tuple(statistics.median(getattr(one, name) for one in starts) for name in ("wall", "cpu", "memory"))
