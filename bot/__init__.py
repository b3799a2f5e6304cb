"""Nightshift: maintenance work asked for, approved, run and reported in Slack."""
