"""What the ``nightshift`` command does, a file for each command."""
