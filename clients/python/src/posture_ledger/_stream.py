"""The stream of findings, resumed whenever its connection is lost."""

from __future__ import annotations

import json
import time
from typing import Iterator, Optional

import httpx

from ._errors import PostureLedgerError, ProtocolError
from ._events import Block, Decoder
from ._http import BUSY, FINAL, FIRST_PAUSE, UNKNOWN, Http, Query, pause
from ._members import Members
from ._models import FindingEvent

#: Seconds between two connections, until the server says something else.
RETRY = 3.0
#: The most that a server's `retry` counts for, in seconds.
LONGEST_RETRY = 300.0


class EventStream:
    """Events as they come, without gap or repetition.

    Walking it waits until there is an event, and connects again behind the last one when the connection is lost. It
    raises when the server refuses, or when as many connections in a row failed as the client makes attempts; walking on
    goes on behind the last event, and so does a new stream that is given `last_event_id`.
    """

    def __init__(self, http: Http, path: str, query: Query, last_event_id: Optional[str], idle: float) -> None:
        self._http = http
        self._path = path
        self._query = query
        self._idle = idle
        self._id = last_event_id or ""
        self._retry = RETRY
        self._failures = 0
        self._due = 0.0
        self._response: Optional[httpx.Response] = None
        self._blocks: Optional[Iterator[Block]] = None
        self._has_ended = False

    @property
    def last_event_id(self) -> Optional[str]:
        """The place in the log behind which this stream goes on."""
        return self._id or None

    def close(self) -> None:
        """Ends the stream."""
        self._has_ended = True
        self._disconnect()

    def __enter__(self) -> EventStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> FindingEvent:
        while not self._has_ended:
            if self._blocks is None:
                self._connect()
                continue
            try:
                block = next(self._blocks, None)
            except httpx.RequestError:
                block = None
            if block is None:
                self._disconnect()
                continue
            # Before the data is read: what cannot be is told once, and not met again at every attempt to go on.
            self._id = block.id
            if block.data is not None:
                return _event(block)
        raise StopIteration

    def _connect(self) -> None:
        """Makes a connection when its time has come; one that fails for now is only counted."""
        time.sleep(max(0.0, self._due - time.monotonic()))
        last = {"last-event-id": self._id} if self._id else {}
        failure: PostureLedgerError
        try:
            response = self._http.open(self._path, self._query, httpx.Headers(last, encoding="utf-8"), self._idle)
            status = response.status_code
            if status not in (200, 204):
                response.read()
        except httpx.RequestError as error:
            failure, again = self._http.lost(error), not isinstance(error, FINAL)
        else:
            kind = response.headers.get("content-type", "")
            if status == 200 and kind.split(";")[0].strip().lower() == "text/event-stream":
                self._failures = 0
                self._response, self._blocks = response, self._read(response)
                return
            response.close()
            if status == 204:
                # By the standard, a server's wish that nobody connects again.
                self._has_ended = True
                return
            if response.is_success:
                failure, again = self._http.unexpected(response, "stream"), False
            else:
                failure, again = self._http.refused(response), status in BUSY + UNKNOWN
        self._failures += 1
        wait = pause(self._failures, failure, max(self._retry, FIRST_PAUSE))
        if not again or self._failures >= self._http.max_attempts or wait > self._http.max_wait:
            self._failures, self._due = 0, 0.0
            raise failure
        self._due = time.monotonic() + max(self._retry, wait)

    def _read(self, response: httpx.Response) -> Iterator[Block]:
        decoder = Decoder(self._id)
        for chunk in response.iter_bytes():
            for block in decoder.feed(chunk):
                self._heed(decoder.retry)
                yield block
            self._heed(decoder.retry)

    def _heed(self, retry: Optional[int]) -> None:
        if retry is not None:
            self._retry = min(retry / 1000, LONGEST_RETRY)

    def _disconnect(self) -> None:
        response, self._response, self._blocks = self._response, None, None
        if response is not None:
            response.close()
            self._due = time.monotonic() + self._retry


def _event(block: Block) -> FindingEvent:
    where = f"event {block.id}" if block.id else "an event"
    try:
        data = json.loads(block.data or "")
    except ValueError:
        data = None
    if data is None:
        raise ProtocolError(f"{where} has data that is no JSON")
    return FindingEvent.read(Members(data, where), block.id or None)
