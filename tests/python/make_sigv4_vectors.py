"""Writes tests/vectors/sigv4.json: requests as botocore signs them, with a key pair that is made up here.

Run it with a Python that has boto3:  python3 tests/python/make_sigv4_vectors.py
The output depends on nothing but this file and the signer, so running it again changes nothing.

Two kinds of vectors: calls of the stock Security Hub client, caught before they are sent; and requests signed by
botocore's signer alone, for what that client never sends but other clients may.
"""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
from unittest import mock

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

SIGNED_AT = datetime.datetime(2024, 2, 29, 23, 58, 1, tzinfo=datetime.timezone.utc)
MASTER = bytes(range(32))
SALT = "000102030405060708090a0b0c0d0e0f"
TENANT = "acme"
NAME = "ci.prod"
HUB_ARN = "arn:aws:securityhub:eu-west-1:123456789012:hub/default"


def secret_access_key():
    """The secret as the product derives it: an HMAC over parts, each after its length."""
    parts = ["key", "aws", SALT, TENANT, NAME]
    message = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in parts)
    return base64.urlsafe_b64encode(hmac.digest(MASTER, message, hashlib.sha256)[:30]).decode()


ACCESS_KEY_ID = "PLKA" + base64.b32encode(f"{TENANT}/{NAME}".encode()).decode().rstrip("=")
CREDENTIALS = botocore.credentials.Credentials(ACCESS_KEY_ID, secret_access_key())


def vector(title, request):
    """What reaches a server, as text where possible."""
    host_and_target = request.url.split("://", 1)[1]
    host, _, target = host_and_target.partition("/")
    path, _, query = f"/{target}".partition("?")
    headers = []
    for name, value in request.headers.items():
        headers.append([name.lower(), value.decode() if isinstance(value, bytes) else value])
    if not any(name == "host" for name, _ in headers):
        headers.append(["host", host])
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    return {
        "title": title,
        "method": request.method,
        "path": path,
        "query": query,
        "headers": headers,
        "body_base64": base64.b64encode(body).decode(),
    }


def client_vectors(endpoint, region, calls):
    caught = []

    def catch(request, **_):
        caught.append(request)
        return botocore.awsrequest.AWSResponse(request.url, 200, {"Content-Type": "application/json"}, Raw(b"{}"))

    client = boto3.client(
        "securityhub",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=CREDENTIALS.access_key,
        aws_secret_access_key=CREDENTIALS.secret_key,
        config=botocore.config.Config(user_agent="vectors", parameter_validation=False),
    )
    client.meta.events.register("before-send.securityhub", catch)
    vectors = []
    for title, operation, arguments in calls:
        caught.clear()
        getattr(client, operation)(**arguments)
        found = vector(title, caught[0])
        keep = {"content-type", "host", "x-amz-date", "authorization"}
        found["headers"] = [pair for pair in found["headers"] if pair[0] in keep]
        vectors.append(found)
    return vectors


class Raw:
    """The least that botocore reads a body from."""

    def __init__(self, data):
        self.data = data

    def stream(self, **_):
        yield self.data


def signer_vector(title, method, url, headers=None, body=b"", signer=None, unsigned_payload=False):
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=headers or {}, data=body)
    request.context["payload_signing_enabled"] = not unsigned_payload
    (signer or botocore.auth.SigV4Auth(CREDENTIALS, "securityhub", "us-east-1")).add_auth(request)
    return vector(title, request)


def with_session_token():
    credentials = botocore.credentials.Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key, "left+over/token==")
    return botocore.auth.SigV4Auth(credentials, "securityhub", "us-east-1")


class LeavesOut(botocore.auth.SigV4Auth):
    """Signs correctly, but not a header that must be signed."""

    def __init__(self, left_out):
        super().__init__(CREDENTIALS, "securityhub", "us-east-1")
        self.left_out = left_out

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        del headers[self.left_out]
        return headers


class OldScope(botocore.auth.SigV4Auth):
    """Signs correctly, with a scope of the day before."""

    def signature(self, string_to_sign, request):
        key = f"AWS4{self.credentials.secret_key}".encode()
        for part in ["20240228", self._region_name, self._service_name, "aws4_request"]:
            key = self._sign(key, part)
        return self._sign(key, string_to_sign, hex=True)

    def scope(self, request):
        return super().scope(request).replace("20240229", "20240228")

    def credential_scope(self, request):
        return super().credential_scope(request).replace("20240229", "20240228")


def refused_vectors(host):
    """Signed by the right key, and yet not to be let in."""
    auth = botocore.auth
    other_hash = hashlib.sha256(b"other").hexdigest()
    return [
        signer_vector("another service", "GET", f"{host}/x", signer=auth.SigV4Auth(CREDENTIALS, "iam", "us-east-1")),
        signer_vector("host not signed", "GET", f"{host}/x", signer=LeavesOut("host")),
        signer_vector("x-amz-date not signed", "GET", f"{host}/x", signer=LeavesOut("x-amz-date")),
        signer_vector(
            "scope of another day", "GET", f"{host}/x", signer=OldScope(CREDENTIALS, "securityhub", "us-east-1")
        ),
        signer_vector("unsigned payload", "PUT", f"{host}/x", body=b"abc", unsigned_payload=True),
        signer_vector("another body's hash", "PUT", f"{host}/x", {"X-Amz-Content-SHA256": other_hash}, b"abc"),
        signer_vector(
            "presigned URL",
            "GET",
            f"{host}/x?a=b",
            signer=auth.SigV4QueryAuth(CREDENTIALS, "securityhub", "us-east-1"),
        ),
    ]


def main():
    finding = {"Id": "a/b+c ü", "ProductArn": "arn:aws:securityhub:eu-west-1::product/x/y"}
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda *_, **__: SIGNED_AT):
        vectors = client_vectors(
            "https://x1y2z3.execute-api.eu-west-1.amazonaws.com/prod",
            "eu-west-1",
            [
                ("client: get findings, no arguments, stage", "get_findings", {}),
                ("client: describe hub, query with an ARN", "describe_hub", {"HubArn": HUB_ARN}),
                (
                    "client: list enabled products, token with + / = and space",
                    "list_enabled_products_for_import",
                    {"NextToken": "a+b/c=d e&f%ü~*", "MaxResults": 7},
                ),
                ("client: import, unicode body", "batch_import_findings", {"Findings": [{**finding, "Title": "Größe ✓"}]}),
                (
                    "client: tags, ARN as one path segment",
                    "list_tags_for_resource",
                    {"ResourceArn": HUB_ARN},
                ),
            ],
        )
        vectors += client_vectors(
            "http://127.0.0.1:9000",
            "us-gov-west-1",
            [
                ("client: update, host with port", "batch_update_findings", {"FindingIdentifiers": [finding]}),
                ("client: history", "get_finding_history", {"FindingIdentifier": finding, "MaxResults": 5}),
            ],
        )
        host = "https://ledger.example"
        body_hash = hashlib.sha256(b"abc").hexdigest()
        vectors += [
            signer_vector("signer: root", "GET", host),
            signer_vector("signer: empty value and repeated names", "GET", f"{host}/a?b=2&b=1&b=&a=&a-b=1&a%20b=1&B=3"),
            signer_vector("signer: colon, %2F and spaces in a segment", "GET", f"{host}/prod/a:b%2Fc%20d%3Ae/f"),
            signer_vector("signer: unicode in path and query", "GET", f"{host}/gr%C3%B6%C3%9Fe?q=%E2%9C%93&%C3%BC=1"),
            signer_vector("signer: dots and doubled slashes", "GET", f"{host}//a/./b/../c//"),
            signer_vector("signer: trailing slash", "GET", f"{host}/prod/"),
            signer_vector("signer: DELETE with body", "DELETE", f"{host}/x", body=b"\x00\xff\r\n"),
            signer_vector("signer: unicode body", "POST", f"{host}/x", body="{\"Title\": \"Größe ✓\"}".encode()),
            signer_vector("signer: left-over session token", "GET", f"{host}/x", signer=with_session_token()),
            signer_vector("signer: spaces within header values", "GET", f"{host}/x", {"x-note": "  a   b  c ", "x-a": ""}),
            signer_vector("signer: Date instead of X-Amz-Date", "GET", f"{host}/x", {"Date": "replaced by the signer"}),
            signer_vector("signer: declared body hash", "PUT", f"{host}/x", {"X-Amz-Content-SHA256": body_hash}, b"abc"),
            signer_vector("signer: content length", "PUT", f"{host}/x", {"Content-Length": "3"}, b"abc"),
        ]
        refused = refused_vectors(host)
    document = {
        "about": "made by tests/python/make_sigv4_vectors.py; the key is made up",
        "signed_at_ms": int(SIGNED_AT.timestamp() * 1000),
        "key": {
            "master_hex": MASTER.hex(),
            "salt": SALT,
            "tenant": TENANT,
            "name": NAME,
            "aws_access_key_id": CREDENTIALS.access_key,
            "aws_secret_access_key": CREDENTIALS.secret_key,
        },
        "accepted": vectors,
        "refused": refused,
    }
    target = pathlib.Path(__file__).resolve().parent.parent / "vectors" / "sigv4.json"
    target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
