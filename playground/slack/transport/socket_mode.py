"""Socket Mode: the WebSockets that the bot opens, and the envelopes on them."""

import asyncio
import json
import random
import secrets
import time
import uuid

from aiohttp import WSMsgType, web

from playground.slack.elements import Json
from playground.slack.transport.delivery import Ack, Kind
from playground.slack.workspace import Workspace

MAX_CONNECTIONS = 10
TICKET_TTL = 60.0


class SocketMode:
    """Slack's end of the sockets. Each envelope goes to one connection, picked at random; its acknowledgement may come
    back on any."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.connections: dict[web.WebSocketResponse, web.Request] = {}
        self._pending: dict[str, asyncio.Future[Ack]] = {}

    async def send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Ack:
        if not self.connections:
            return Ack("dispatch_failed")
        envelope_id = str(uuid.uuid4())
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        waiting: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._pending[envelope_id] = waiting
        try:
            await random.choice(tuple(self.connections)).send_json(envelope)
            return await waiting
        except ConnectionError as error:
            return Ack("dispatch_failed", str(error))
        finally:
            del self._pending[envelope_id]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket endpoint. A ticket opens one connection."""
        born = self.ws.socket_tickets.pop(request.query.get("ticket", ""), None)
        if born is None or time.monotonic() - born > TICKET_TTL or self.ws.faults.offline:
            raise web.HTTPForbidden
        if len(self.connections) >= MAX_CONNECTIONS:
            raise web.HTTPTooManyRequests
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(self._hello())
        self.connections[socket] = request
        self._record("connected")
        try:
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    self._handle_frame(frame.data)
        finally:
            del self.connections[socket]
            self._record("disconnected")
        return socket

    async def request_refresh(self) -> None:
        """Ask every connection to reconnect on a new socket, as Slack does every few hours."""
        for socket in tuple(self.connections):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})

    def drop_connections(self) -> None:
        """Break every connection without a close frame."""
        for request in self.connections.values():
            if request.transport is not None:
                request.transport.abort()

    async def close(self) -> None:
        for socket in tuple(self.connections):
            await socket.close()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + 1,
            "debug_info": {"host": f"applink-{secrets.token_hex(2)}", "approximate_connection_time": 18060},
            "connection_info": {"app_id": self.ws.settings.app_id},
        }

    def _handle_frame(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            return
        waiting = self._pending.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
        if waiting is not None and not waiting.done():
            waiting.set_result(Ack(body=frame.get("payload")))

    def _record(self, name: str) -> None:
        connections = {"connections": len(self.connections)}
        self.ws.record_exchange(
            time.monotonic(), direction="from_bot", kind="socket", name=name, payload=connections, answer=None
        )
        self.ws.announce("socket", len(self.connections))
