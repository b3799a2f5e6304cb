"""What operators see from outside: metrics and log lines."""
