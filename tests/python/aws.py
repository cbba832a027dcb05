"""AWS on loopback: AWS Config as its API reference describes it, and before another server what that one lacks."""

import http.server
import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request

ACCOUNT = "123456789012"
TARGET = "StarlingDoveService."
#: Rows of a page, fewer than are asked for.
PAGE = 40
#: A moment in the past, in seconds, as AWS Config writes instants.
CAPTURED = 1767225600.5


def item(kind, identifier, region, configuration, supplementary=None, captured=CAPTURED, account=ACCOUNT, **more):
    """An item as BatchGetResourceConfig gives it: what is nested is JSON text."""
    return {
        "version": "1.3",
        "accountId": account,
        "configurationItemCaptureTime": captured,
        "configurationItemStatus": "OK",
        "configurationStateId": "1767225600500",
        "resourceType": kind,
        "resourceId": identifier,
        "awsRegion": region,
        "configuration": json.dumps(configuration),
        "supplementaryConfiguration": {k: json.dumps(v) for k, v in (supplementary or {}).items()},
        **more,
    }


class Refused(Exception):
    """An error that a client gets."""

    def __init__(self, code, message="no"):
        super().__init__(code)
        self.code, self.message = code, message


class Aws:
    """A server; `items` is what its AWS Config knows, and `refuse` says which calls it refuses."""

    def __init__(self, items=(), behind=None, recorded=None):
        self.items = list(items)
        #: Where requests go that are not answered here.
        self.behind = behind
        #: The types that recorders record; all if there are none.
        self.recorded = recorded
        #: Called with operation, region and input; may raise Refused.
        self.refuse = lambda operation, region, body: None
        #: Types whose keys stay unprocessed in the first batch that has them.
        self.slow = set()
        self.sources = None
        self.calls = []
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def count(self, operation):
        return sum(1 for called, _ in self.calls if called == operation)

    def _handler(self):
        aws = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                status, headers, answer = aws.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PATCH = do_POST

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, method, path, headers, body):
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request", headers.get("authorization", ""))
        if not scope:
            return 403, {}, b'{"__type":"MissingAuthenticationTokenException"}'
        region, service = scope.groups()
        target = headers.get("x-amz-target", "")
        try:
            if target.startswith(TARGET):
                operation, sent = target.removeprefix(TARGET), json.loads(body)
                with self._lock:
                    self.calls.append((operation, sent))
                    self.refuse(operation, region, sent)
                    return 200, {}, json.dumps(self.config(operation, region, sent)).encode()
            form = urllib.parse.parse_qs(body.decode()) if service in ("iam", "sts", "ec2") else {}
            operation = form.get("Action", [f"{method} {path}"])[0]
            with self._lock:
                self.calls.append((operation, form))
                self.refuse(operation, region, form)
        except Refused as refused:
            if service in ("iam", "sts", "ec2", "s3"):
                error = f"<Error><Code>{refused.code}</Code><Message>{refused.message}</Message></Error>"
                return 403, {}, f"<ErrorResponse>{error}</ErrorResponse>".encode()
            return 400, {}, json.dumps({"__type": refused.code, "message": refused.message}).encode()
        if self.behind:
            return self.forward(method, path, headers, body)
        if operation == "GetCallerIdentity":
            result = f"<Arn>arn:aws:iam::{ACCOUNT}:user/reader</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
            space = "https://sts.amazonaws.com/doc/2011-06-15/"
            answer = f'<GetCallerIdentityResponse xmlns="{space}"><GetCallerIdentityResult>{result}'
            return 200, {}, f"{answer}</GetCallerIdentityResult></GetCallerIdentityResponse>".encode()
        if service not in ("iam", "ec2", "s3"):
            return 403, {"x-amzn-errortype": "AccessDeniedException"}, b'{"message":"no"}'
        return 403, {}, b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"

    def forward(self, method, path, headers, body):
        kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "connection")}
        request = urllib.request.Request(self.behind + path, data=body or None, headers=kept, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, {}, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, {}, error.read()

    def config(self, operation, region, sent):
        if operation == "DescribeConfigurationRecorders":
            group = {"allSupported": True, "includeGlobalResourceTypes": True, "resourceTypes": []}
            if self.recorded is not None:
                group = {"allSupported": False, "resourceTypes": sorted(self.recorded)}
            recorder = {"name": "default", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/config", "recordingGroup": group}
            return {"ConfigurationRecorders": [recorder]}
        if operation == "DescribeConfigurationRecorderStatus":
            return {"ConfigurationRecordersStatus": [{"name": "default", "recording": True, "lastStatus": "SUCCESS"}]}
        if operation in ("SelectResourceConfig", "SelectAggregateResourceConfig"):
            kinds = set(re.findall(r"'([^']+)'", sent["Expression"]))
            aggregate = operation == "SelectAggregateResourceConfig"
            found = [i for i in self.known(region, aggregate) if i["resourceType"] in kinds]
            names = ("accountId", "awsRegion", "resourceType", "resourceId", "resourceName")
            rows = [json.dumps({name: i[name] for name in names if name in i}) for i in found]
            return self.page(rows, "Results", "NextToken", sent) | {"QueryInfo": {"SelectFields": []}}
        if operation == "ListDiscoveredResources":
            found = [i for i in self.known(region, False) if i["resourceType"] == sent["resourceType"]]
            names = ("resourceType", "resourceId", "resourceName")
            rows = [{name: i[name] for name in names if name in i} for i in found]
            return self.page(rows, "resourceIdentifiers", "nextToken", sent)
        if operation == "BatchGetResourceConfig":
            keys = [(k["resourceType"], k["resourceId"]) for k in sent["resourceKeys"]]
            found = {(i["resourceType"], i["resourceId"]): i for i in self.known(region, False)}
            items, left = self.batch(keys, found)
            left = [{"resourceType": kind, "resourceId": identifier} for kind, identifier in left]
            return {"baseConfigurationItems": items, "unprocessedResourceKeys": left}
        if operation == "BatchGetAggregateResourceConfig":
            names = ("SourceAccountId", "SourceRegion", "ResourceType", "ResourceId")
            keys = [tuple(k[name] for name in names) for k in sent["ResourceIdentifiers"]]
            found = {(i["accountId"], i["awsRegion"], i["resourceType"], i["resourceId"]): i for i in self.items}
            items, left = self.batch(keys, found)
            left = [dict(zip(names, key)) for key in left]
            return {"BaseConfigurationItems": items, "UnprocessedResourceIdentifiers": left}
        if operation == "DescribeConfigurationAggregatorSourcesStatus" and self.sources is not None:
            return self.page(self.sources, "AggregatedSourceStatusList", "NextToken", sent)
        raise Refused("UnknownOperationException", operation)

    def known(self, region, aggregate):
        return [i for i in self.items if aggregate or i["awsRegion"] in (region, "global")]

    def page(self, rows, member, token, sent):
        start = int(sent.get(token, 0))
        page = {member: rows[start : start + PAGE]}
        return page | ({token: str(start + PAGE)} if start + PAGE < len(rows) else {})

    def batch(self, keys, found):
        if len(keys) > 100:
            raise Refused("ValidationException", "at most 100 keys")
        slow = [key for key in keys if key[-2] in self.slow]
        left = slow[: len(slow) // 2 + 1] if slow else []
        self.slow -= {key[-2] for key in slow}
        return [found[key] for key in keys if key in found and key not in left], left
