"""The people of a workspace, and what they have on their screens."""

from playground.slack.people.modal import Modal, Submission
from playground.slack.people.outcome import Outcome
from playground.slack.people.person import Person, Where
from playground.slack.people.surface import Home, MessageSurface, Surface

__all__ = ["Home", "MessageSurface", "Modal", "Outcome", "Person", "Submission", "Surface", "Where"]
