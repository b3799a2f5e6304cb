"""A sandbox Foreman: a real HTTP server that behaves as Foreman with Remote Execution does."""

from playground.foreman.server import ForemanSandbox

__all__ = ["ForemanSandbox"]
