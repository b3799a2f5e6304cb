"""The people of a workspace, and the surfaces on their screens."""

from playground.slack.client.modal import Modal
from playground.slack.client.outcome import Outcome, Submission
from playground.slack.client.person import Location, Person
from playground.slack.client.surface import HomeTab, MessageSurface, Surface

__all__ = ["HomeTab", "Location", "MessageSurface", "Modal", "Outcome", "Person", "Submission", "Surface"]
