"""A context that stays open from one use to the next: what takes seconds to start is lent, not given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Warm(Generic[T]):
    """Opens what `make` gives at its first use and keeps it until it is closed or a use fails.

    A use that fails ends it the way it failed, for what was under way must end; the next use opens another.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[T]]) -> None:
        self._make = make
        self._opened = ExitStack()
        self._held: list[T] = []

    @contextmanager
    def lent(self) -> Iterator[T]:
        """What is kept, for as long as the context lasts."""
        if not self._held:
            self._held.append(self._opened.enter_context(self._make()))
        try:
            yield self._held[0]
        except BaseException as error:  # Ctrl-C too: what reads must not go on
            self.close(type(error), error, error.__traceback__)
            raise

    def close(
        self,
        error_type: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        """End what is kept, where there is any."""
        self._held.clear()
        self._opened.__exit__(error_type, error, trace)
        self._opened = ExitStack()
