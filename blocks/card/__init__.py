"""The card of a request: what was asked for, its state, who decided, and the buttons.

It is rendered from stored state alone, so every copy of it is the same. What was asked for stays on it to the end.
"""
