"""Server-sent events out of bytes, however these are cut (HTML standard, 9.2.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterator, List, Optional

from ._errors import ProtocolError

_ENDS = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
#: In bytes. A whole finding has at most 240 KB.
LONGEST_EVENT = 16 * 1024 * 1024


@dataclass(frozen=True)
class Block:
    """What a blank line ended: the id that holds from now on, and data if there was any."""

    id: str
    data: Optional[str]


class Decoder:
    """Reads one connection. What the connection's end cuts short is never shown."""

    def __init__(self, last_id: str) -> None:
        #: In milliseconds, as soon as the server has said it.
        self.retry: Optional[int] = None
        self._id = last_id
        self._data: List[str] = []
        self._line = bytearray()
        self._size = 0
        self._is_first = True
        self._after_return = False

    def feed(self, chunk: bytes) -> Iterator[Block]:
        """The blocks that these bytes complete."""
        for line in self._lines(chunk):
            if line:
                self._field(line)
            else:
                data = "\n".join(self._data) if self._data else None
                self._data, self._size = [], 0
                yield Block(self._id, data)

    def _lines(self, chunk: bytes) -> Iterator[str]:
        """Lines that are complete, without their ends."""
        if self._after_return and chunk[:1] == b"\n":
            chunk = chunk[1:]
            self._after_return = False
        if not chunk:
            return
        self._after_return = chunk.endswith(b"\r")
        *ended, rest = _ENDS.split(chunk)
        for part in ended:
            self._line += part
            whole, self._line = bytes(self._line), bytearray()
            if self._is_first:
                whole, self._is_first = whole[len(_BOM) :] if whole.startswith(_BOM) else whole, False
            yield whole.decode("utf-8", "replace")
        self._line += rest
        if len(self._line) + self._size > LONGEST_EVENT:
            raise ProtocolError(f"an event of the stream has more than {LONGEST_EVENT} bytes")

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data":
            self._data.append(value)
            self._size += len(value)
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value[:9])
