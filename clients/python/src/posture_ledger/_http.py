"""Requests with a token, and when they are sent again."""

from __future__ import annotations

import random
import time
from typing import Any, Generator, Mapping, Optional, Tuple
from urllib.parse import quote

import httpx

from ._errors import ApiError, ConnectionFailed, PostureLedgerError, ProtocolError, refusal

#: Busy: the request was not carried out.
BUSY = (429, 503)
#: A gateway's: the request may have been carried out.
UNKNOWN = (502, 504)
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 20.0
#: Failures before anything of a request was sent.
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: Failures that are the same the next time.
FINAL = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)

Query = Mapping[str, str]


class Bearer(httpx.Auth):
    """Puts the token into requests, and nowhere else."""

    def __init__(self, token: str) -> None:
        # A header with such a character would fail in the depths of the client, with the token in the message.
        if not isinstance(token, str) or not token or any(not "!" <= character <= "~" for character in token):
            raise ValueError("api_token must be text of visible ASCII characters, without white space")
        self._token = token

    def __repr__(self) -> str:
        return "Bearer(...)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["authorization"] = f"Bearer {self._token}"
        yield request

    def redact(self, text: str) -> str:
        """The text without the token, should a server have echoed it."""
        return text.replace(self._token, "***")


class Http:
    """The way to one server."""

    def __init__(self, api_url: str, api_token: str, timeout: float, max_attempts: int, max_wait: float) -> None:
        if max_attempts < 1:
            raise ValueError("max_attempts must be at least 1")
        self.url = _base(api_url)
        self.timeout = timeout
        self.max_attempts = max_attempts
        self.max_wait = max_wait
        self._auth = Bearer(api_token)
        self._client = httpx.Client(auth=self._auth, timeout=timeout, headers={"accept": "application/json"})

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, query: Optional[Query] = None) -> Tuple[Any, httpx.Headers]:
        """The JSON of an answer, and its headers."""
        return self._ask("GET", path, query or {}, None, {}, repeatable=True)

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str], repeatable: bool
    ) -> Tuple[Any, httpx.Headers]:
        """The same for a request that does something; `repeatable` says that twice does no more than once."""
        return self._ask("POST", path, {}, body, headers, repeatable)

    def _ask(
        self, method: str, path: str, query: Query, body: Any, headers: Mapping[str, str], repeatable: bool
    ) -> Tuple[Any, httpx.Headers]:
        request = self._client.build_request(method, self.url + path, params=query, json=body, headers=dict(headers))
        attempt = 1
        while True:
            failure: PostureLedgerError
            try:
                response = self._client.send(request)
            except httpx.RequestError as error:
                failure = self.lost(error)
                again = isinstance(error, UNSENT) or (repeatable and isinstance(error, httpx.TransportError))
                again = again and not isinstance(error, FINAL)
            else:
                if response.is_success:
                    return self._json(response), response.headers
                failure = self.refused(response)
                again = response.status_code in BUSY or (repeatable and response.status_code in UNKNOWN)
            wait = pause(attempt, failure, FIRST_PAUSE)
            if not again or attempt >= self.max_attempts or wait > self.max_wait:
                raise failure
            time.sleep(wait)
            attempt += 1

    def open(self, path: str, query: Query, headers: httpx.Headers, idle: float) -> httpx.Response:
        """An answer whose body is still to be read, whatever its status; `idle` is how long nothing may come."""
        headers.update({"accept": "text/event-stream", "accept-encoding": "identity", "cache-control": "no-store"})
        patience = httpx.Timeout(self.timeout, read=idle)
        request = self._client.build_request("GET", self.url + path, params=query, headers=headers, timeout=patience)
        return self._client.send(request, stream=True)

    def refused(self, response: httpx.Response) -> ApiError:
        """What an answer that is no success says."""
        return refusal(response, self._auth.redact)

    def unexpected(self, response: httpx.Response, wanted: str) -> ProtocolError:
        """What is told of a success that is something else."""
        kind = response.headers.get("content-type", "no type")
        return ProtocolError(self._auth.redact(f"{response.request.url}: the answer is no {wanted}, but {kind}"))

    def lost(self, error: httpx.RequestError) -> PostureLedgerError:
        """What is told of an error of the connection. The error itself holds the request, and so the token."""
        kind = ProtocolError if isinstance(error, httpx.DecodingError) else ConnectionFailed
        said = f": {error}" if str(error) else ""
        return kind(self._auth.redact(f"{self.url}: {type(error).__name__}{said}"))

    def _json(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError:
            pass
        raise self.unexpected(response, "JSON")


def pause(attempt: int, failure: PostureLedgerError, first: float) -> float:
    """How many seconds to wait after a failure: what the server says, else longer each time, and never all at once."""
    told = failure.retry_after if isinstance(failure, ApiError) else None
    if told is not None:
        return told
    longest: float = min(LONGEST_PAUSE, first * 2.0 ** min(attempt - 1, 30))
    return longest * random.uniform(0.5, 1.0)


def segment(value: str, name: str) -> str:
    """A value as one segment of a path."""
    # Dots alone would be taken for steps within the path, however they are encoded.
    if not isinstance(value, str) or value in ("", ".", ".."):
        raise ValueError(f"{name} must be text that names something")
    return quote(value, safe="")


def _base(api_url: str) -> str:
    try:
        url = httpx.URL(api_url)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise ValueError("api_url must be an http or https URL, without user, query or fragment")
    return str(url).rstrip("/")
