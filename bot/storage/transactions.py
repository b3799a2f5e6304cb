"""What both databases offer: transactions, and what opens them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import CursorResult, Dialect
from sqlalchemy.sql.base import Executable


class Tx(Protocol):
    """A connection inside a transaction."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None, /
    ) -> CursorResult[Any]:
        """Run a statement. Its rows must be read before the transaction ends."""
        ...

    async def scalar(self, statement: Executable, parameters: Mapping[str, Any] | None = None, /) -> Any:
        """Return the first column of the first row; None where there is no row."""
        ...


class Store(Protocol):
    """Opens transactions in one kind of database."""

    def write(self) -> AbstractAsyncContextManager[Tx]: ...
    def read(self) -> AbstractAsyncContextManager[Tx]: ...
    async def close(self) -> None: ...
