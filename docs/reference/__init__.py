"""The pages that are generated: one module for each kind of page."""
