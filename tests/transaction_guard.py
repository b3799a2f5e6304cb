"""Notices calls over HTTP that are made inside a transaction, where they would keep a connection or the write lock."""

import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

import httpx
import pytest
from slack_sdk.web.async_base_client import AsyncBaseClient

from bot.storage.database import Database
from bot.storage.transactions import Tx

P = ParamSpec("P")
R = TypeVar("R")


class _Block:
    """One transaction. Tasks that were begun in it keep it in their context, also when it is over."""

    is_open = True


_current: ContextVar[_Block | None] = ContextVar("current", default=None)


@contextmanager
def watch_transactions() -> Iterator[list[str]]:
    """Collect where calls over HTTP were made inside a transaction, until the block ends."""
    found: list[str] = []

    def noticed(call: Callable[P, R]) -> Callable[P, R]:
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            block = _current.get()
            if block is not None and block.is_open:
                found.append("".join(traceback.format_stack(limit=12)))
            return call(*args, **kwargs)

        return checked

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "read", _marked(Database.read))
        patch.setattr(Database, "write", _marked(Database.write))
        patch.setattr(httpx.AsyncClient, "send", noticed(httpx.AsyncClient.send))
        patch.setattr(AsyncBaseClient, "api_call", noticed(AsyncBaseClient.api_call))
        yield found


def _marked(
    open_transaction: Callable[[Database], AbstractAsyncContextManager[Tx]],
) -> Callable[[Database], AbstractAsyncContextManager[Tx]]:
    @asynccontextmanager
    async def marked(db: Database) -> AsyncIterator[Tx]:
        async with open_transaction(db) as tx:
            block, outer = _Block(), _current.get()
            _current.set(block)
            try:
                yield tx
            finally:
                block.is_open = False
                _current.set(outer)

    return marked
