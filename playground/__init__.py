"""A local Slack workspace and sandbox back ends: for trying, showing and testing. The bot never knows."""
