"""Reading the members of JSON objects, with errors that say where something else was found."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ._errors import ProtocolError

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z")


class Members:
    """A JSON object of an answer. A member that is absent and one that is null are the same."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise ProtocolError(f"{where} is no object")
        self.all: Mapping[str, Any] = value
        self._where = where

    def _wrong(self, name: str, wanted: str) -> ProtocolError:
        return ProtocolError(f"{self._where}.{name} is not {wanted}")

    def text(self, name: str) -> str:
        text = self.text_or_none(name)
        if text is None:
            raise self._wrong(name, "there")
        return text

    def text_or_none(self, name: str) -> Optional[str]:
        value = self.all.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(name, "text")

    def texts(self, name: str) -> Tuple[str, ...]:
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self._wrong(name, "a list of texts")
        return tuple(values)

    def count(self, name: str) -> int:
        count = self.count_or_none(name)
        if count is None:
            raise self._wrong(name, "there")
        return count

    def count_or_none(self, name: str) -> Optional[int]:
        value = self.all.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self._wrong(name, "a whole number")

    def number_or_none(self, name: str) -> Optional[float]:
        value = self.all.get(name)
        if value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)):
            return value
        raise self._wrong(name, "a number")

    def flag_or_none(self, name: str) -> Optional[bool]:
        value = self.all.get(name)
        if value is None or isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false")

    def instant(self, name: str) -> datetime:
        instant = self.instant_or_none(name)
        if instant is None:
            raise self._wrong(name, "there")
        return instant

    def instant_or_none(self, name: str) -> Optional[datetime]:
        text = self.text_or_none(name)
        if text is None:
            return None
        found = _INSTANT.fullmatch(text)
        if found:
            try:
                second = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S")
                return second.replace(microsecond=int((found[2] or "").ljust(6, "0")), tzinfo=timezone.utc)
            except ValueError:
                pass
        raise self._wrong(name, "an instant in UTC")

    def date_or_none(self, name: str) -> Optional[date]:
        text = self.text_or_none(name)
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError:
            pass
        raise self._wrong(name, "a date")

    def object(self, name: str) -> Members:
        return Members(self.all.get(name), f"{self._where}.{name}")

    def object_or_none(self, name: str) -> Optional[Members]:
        return None if self.all.get(name) is None else self.object(name)

    def objects(self, name: str) -> List[Members]:
        return [Members(value, f"{self._where}.{name}[{place}]") for place, value in enumerate(self._list(name))]

    def counts(self, name: str) -> Dict[str, int]:
        inner = self.object(name)
        return {key: inner.count(key) for key in inner.all}

    def _list(self, name: str) -> List[Any]:
        value = self.all.get(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return value
