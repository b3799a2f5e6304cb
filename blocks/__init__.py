"""Renders values as Block Kit. Pure."""
