"""The `posture` program, started as people start it, and stock clients for it."""

import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import tempfile

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "target" / "debug" / "posture"
#: The same as users have it.
RELEASE = ROOT / "target" / "release" / "posture"
REGION = "eu-west-1"
READY_SECONDS = 30
STOP_SECONDS = 5


def environment(**more):
    """The environment without what would steer a client or the program elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POSTURE_")) and k != "TABLE_NAME"}
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
    return kept | nothing | more


def run(*arguments, stdin=None, text=True, **more):
    """Runs a command of the program and waits for it."""
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=text, timeout=60, check=False, env=environment(**more)
    )


@contextlib.contextmanager
def dynamodb(*arguments, program=PROGRAM, master="5a" * 32):
    """A DynamoDB of this machine: what functions and programs find in their environment."""
    process = subprocess.Popen([program, "dynamodb", *arguments], stdout=subprocess.PIPE, env=environment())
    try:
        yield {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_DYNAMODB": json.loads(process.stdout.readline())["url"],
            "POSTURE_MASTER": f"1:{master}",
        }
    finally:
        process.kill()
        process.wait()


def admin(cloud, tenant="default", name="functions"):
    """The token of a new key of a tenant there, which may do everything."""
    wish = ["--tenant", tenant, "--scopes", "admin", "--name", name]
    made = run("keys", "create", *wish, "--endpoint-url", cloud["AWS_ENDPOINT_URL_DYNAMODB"], **cloud)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout.splitlines()[-1])["key"]["token"]


class Server:
    """A server on a free port, over a store in memory unless a folder is given."""

    def __init__(self, data=":memory:", *arguments, listen="127.0.0.1:0", **more):
        self._log = tempfile.TemporaryFile()
        command = [str(PROGRAM), "serve", "--listen", listen, "--data", str(data), *arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, env=environment(**more))
        ready, _, _ = select.select([self._process.stdout], [], [], READY_SECONDS)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self._process.kill()
            raise RuntimeError(f"the server did not start:\n{self.log()}")
        self.ready = json.loads(line)
        self.url = self.ready["url"]
        self.key = self.ready.get("key")

    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def client(self, key=None, region=REGION, url=None, **settings):
        """A stock boto3 client."""
        key = key or self.key
        return boto3.session.Session().client(
            "securityhub",
            endpoint_url=url or self.url,
            region_name=region,
            aws_access_key_id=key["aws_access_key_id"],
            aws_secret_access_key=key["aws_secret_access_key"],
            config=botocore.config.Config(**settings) if settings else None,
        )

    def kill(self):
        """As a power cut would."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        """As ctrl-C would; fails when it takes longer than promised."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        finally:
            if self._process.poll() is None:
                self.kill()
            self._process.stdout.close()
            self._log.close()


@contextlib.contextmanager
def serving(data=":memory:", *arguments, **more):
    server = Server(data, *arguments, **more)
    try:
        yield server
    finally:
        server.stop()
