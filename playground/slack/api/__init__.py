"""The Web API. Importing this registers every method."""

from playground.slack.api import apps, chat, conversations, files, users, views
from playground.slack.api.server import ApiServer

__all__ = ["ApiServer", "apps", "chat", "conversations", "files", "users", "views"]
