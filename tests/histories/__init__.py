"""Random histories of one request, played on the pure rules and judged from first principles."""
