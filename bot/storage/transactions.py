"""What both databases offer: transactions, and what opens them."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeAlias

from sqlalchemy import CursorResult, Dialect
from sqlalchemy.sql.base import Executable

from bot.values import Json

SqlValue: TypeAlias = Json | datetime
"""A value that is stored in a column or bound to a statement."""
Parameters: TypeAlias = Mapping[str, SqlValue]


class Tx(Protocol):
    """A connection inside a transaction."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] | None = None, /
    ) -> CursorResult[*tuple[SqlValue, ...]]:
        """Run a statement. Its rows must be read before the transaction ends."""
        ...

    async def scalar(self, statement: Executable, parameters: Parameters | None = None, /) -> SqlValue:
        """Return the first column of the first row; None if there is no row."""
        ...

    def after_commit(self, call: Callable[[], None], /) -> None:
        """Make a call once this is committed; never if it is rolled back."""
        ...


class Store(Protocol):
    """Opens transactions in one kind of database."""

    def write(self) -> AbstractAsyncContextManager[Tx]: ...
    def read(self) -> AbstractAsyncContextManager[Tx]: ...
    async def close(self) -> None: ...
