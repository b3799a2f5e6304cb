"""A sandbox ImmyBot: a real HTTP server that behaves as the API does, with computers that do as they are told."""

from playground.immybot.server import CLIENT_ID, CLIENT_SECRET, TENANT_ID, ImmyBotSandbox

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "TENANT_ID", "ImmyBotSandbox"]
