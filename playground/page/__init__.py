"""The playground's page: the local Slack workspace in a browser, with the sandboxes and the wire log beside it.

It has no logic of its own: actions go through the workspace's people, and what is shown is read from it.
Each browser has a Screen; regions of the page are HTML made by pure functions from the workspace's state.
"""
