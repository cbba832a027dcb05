"""Requests that a stock client refuses to send, signed as it would sign them."""

import datetime
import json
import unittest.mock

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import urllib3

from posture import REGION

HTTP = urllib3.PoolManager(retries=False)


def signed(server, method, path, body=None, key=None, at=None):
    """Method, URL, headers and body of a signed request; `at` is the signer's clock."""
    key = key or server.key
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = botocore.awsrequest.AWSRequest(method, server.url + path, {"Content-Type": "application/json"}, data)
    credentials = botocore.credentials.Credentials(key["aws_access_key_id"], key["aws_secret_access_key"])
    now = at or datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=now):
        botocore.auth.SigV4Auth(credentials, "securityhub", REGION).add_auth(request)
    return method, server.url + path, dict(request.headers.items()), data


def send(method, url, headers, body):
    """Status, headers and JSON body of the answer."""
    answer = HTTP.request(method, url, headers=headers, body=body)
    return answer.status, answer.headers, json.loads(answer.data) if answer.data else None


def call(server, method, path, body=None, **more):
    return send(*signed(server, method, path, body, **more))
