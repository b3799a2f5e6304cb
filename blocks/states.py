"""The marks of a request's states. They differ in shape, and the word is always next to them."""

from collections.abc import Mapping

from bot.requests.model import RequestState

STATE_EMOJI: Mapping[RequestState, str] = {
    "awaiting_approval": "✋",
    "approved": "👍",
    "scheduled": "🗓️",
    "starting": "⏳",
    "running": "▶️",
    "unknown": "❓",
    "succeeded": "✅",
    "partly_failed": "❗",
    "failed": "❌",
    "cancelled": "⏹️",
    "ended_unseen": "🔌",
    "denied": "⛔",
    "expired": "🕛",
    "withdrawn": "↩️",
    "undeliverable": "📪",
}
PAUSED_EMOJI = "⏸️"
NO_CONTACT_EMOJI = "⚠️"
