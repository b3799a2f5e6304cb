"""A local Slack workspace and sandbox back ends for demos and tests. The bot cannot tell them from the real ones."""
