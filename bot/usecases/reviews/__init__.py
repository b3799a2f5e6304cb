"""The review of emergencies, which ran first."""
