"""Golden files: each surface in each state, as text and as JSON.

``make golden`` writes them anew. A surface is a function of no argument that returns a :class:`Surface`; it is
deterministic, and named after its file. ``SURFACES`` has all of them.
"""
