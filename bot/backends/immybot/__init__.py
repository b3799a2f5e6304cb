"""ImmyBot: maintenance runs over its REST API (https://docs.immy.bot)."""

from bot.backends.base import BackendKind
from bot.backends.immybot.connection import ImmyBotKind

backend: BackendKind = ImmyBotKind()
