"""What can go wrong, as exceptions. None of them ever holds the token."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable, Dict, Optional, Tuple, Type

import httpx

LONGEST_MESSAGE = 2000


class PostureLedgerError(Exception):
    """Anything that this package raises about a request; wrong arguments are ValueError."""


class ConnectionFailed(PostureLedgerError):
    """No answer came: the server was not reached, or the connection was lost or too slow."""


class ProtocolError(PostureLedgerError):
    """An answer came that is not what the API answers, for example because something else listens there."""


class JobNotEnded(PostureLedgerError):
    """The time to wait for a job is over, and it still runs."""


class ApiError(PostureLedgerError):
    """The server refused a request, or failed at it."""

    def __init__(
        self,
        status: int,
        code: Optional[str],
        message: str,
        request_id: Optional[str] = None,
        details: Any = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(status, code, message, request_id, details, retry_after)
        #: The HTTP status.
        self.status = status
        #: The server's word for what is wrong, such as NOT_FOUND; None when the answer had none.
        self.code = code
        #: What the server said.
        self.message = message
        #: What names this request in the server's log.
        self.request_id = request_id
        #: What else the server said.
        self.details = details
        #: After how many seconds the server wants to be asked again, if it said so.
        self.retry_after = retry_after

    def __str__(self) -> str:
        name = f"{self.status} {self.code}" if self.code else str(self.status)
        behind = f" (request {self.request_id})" if self.request_id else ""
        return f"{name}: {self.message}{behind}"


class BadRequest(ApiError):
    """400: the message names what is wrong with the request."""


class Unauthorized(ApiError):
    """401: there is no such key."""


class Forbidden(ApiError):
    """403: the key lacks a scope, or may not write about this account."""


class NotFound(ApiError):
    """404: there is no such thing in this tenant; of a patch, the message says why there is none."""


class Conflict(ApiError):
    """409: the thing is not in a state in which this can be done."""


class PreconditionFailed(ApiError):
    """412: the finding is no longer what `if_match` names."""


class RateLimited(ApiError):
    """429, after every attempt that was allowed."""


class ServerError(ApiError):
    """500 and above."""


class ServiceUnavailable(ServerError):
    """503, after every attempt that was allowed."""


_BY_STATUS: Dict[int, Type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    429: RateLimited,
    503: ServiceUnavailable,
}


def refusal(response: httpx.Response, redact: Callable[[str], str]) -> ApiError:
    """The exception for an answer that is no success, whose body was read."""
    status = response.status_code
    code, message, details = _told(redact(response.text))
    request_id = response.headers.get("x-request-id") or response.headers.get("x-amzn-requestid")
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    return kind(
        status,
        code,
        (message or redact(response.reason_phrase) or "no message")[:LONGEST_MESSAGE],
        redact(request_id) if request_id else None,
        details,
        retry_after(response.headers.get("retry-after")),
    )


def _told(text: str) -> Tuple[Optional[str], Optional[str], Any]:
    """Code, message and details; a gateway in front of the server has a message alone."""
    try:
        body = json.loads(text)
    except ValueError:
        return None, None, None
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None, None, None
    code, message = error.get("code"), error.get("message")
    told = message if isinstance(message, str) else None
    return code if isinstance(code, str) else None, told, error.get("details")


def retry_after(header: Optional[str], now: Optional[datetime] = None) -> Optional[float]:
    """The seconds of a Retry-After header, which has seconds or a date (RFC 9110, 10.2.3)."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - (now or datetime.now(timezone.utc))).total_seconds())
