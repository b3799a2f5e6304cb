"""The durable engine: what was begun is carried on, whatever happens to the process."""

from bot.engine.port import Engine, Job

__all__ = ["Engine", "Job"]
