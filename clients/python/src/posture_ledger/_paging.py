"""Lists that are fetched page by page, while they are walked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Generic, Iterator, Optional, Tuple, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A page of a list."""

    items: Tuple[Item, ...]
    #: How many items the list has.
    total: int
    page: int
    total_pages: int
    #: The state of the ledger that is shown.
    as_of: Optional[str]


class Pages(Generic[Item]):
    """A list. Nothing is asked before it is walked, or before its total is asked for.

    Every page is of the state of the first, so that each item comes exactly once, whatever is written meanwhile. Walking
    again shows the same list.
    """

    def __init__(self, fetch: Callable[[int, Optional[str]], Page[Item]]) -> None:
        self._fetch = fetch
        self._first: Optional[Page[Item]] = None

    def first(self) -> Page[Item]:
        """The first page."""
        if self._first is None:
            self._first = self._fetch(1, None)
        return self._first

    @property
    def total(self) -> int:
        """How many items there are."""
        return self.first().total

    @property
    def as_of(self) -> Optional[str]:
        """The state of the ledger that is shown."""
        return self.first().as_of

    def pages(self) -> Iterator[Page[Item]]:
        """One page after the other."""
        first = page = self.first()
        yield page
        while page.items and page.page < page.total_pages:
            page = self._fetch(page.page + 1, first.as_of)
            yield page

    def __iter__(self) -> Iterator[Item]:
        for page in self.pages():
            yield from page.items
