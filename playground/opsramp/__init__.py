"""A sandbox OpsRamp: a real HTTP server that behaves as the automation API does, quirks included."""

from playground.opsramp.auth import KEY, SECRET
from playground.opsramp.server import OpsRampSandbox

__all__ = ["KEY", "SECRET", "OpsRampSandbox"]
