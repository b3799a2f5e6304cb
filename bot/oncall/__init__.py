"""Reads who is on call: from a URL, a file, or a schedule of PagerDuty."""
