"""``nightshift demo``: the playground's page, or a whole story as text."""

import asyncio
from pathlib import Path


def run(port: int, as_text: bool, journal: Path | None) -> int:
    """Serve the page until it is stopped, or with ``script`` play the story. Returns the exit code."""
    if as_text:
        from playground import story

        return story.run(journal)
    from playground.page.app import serve_playground

    try:
        asyncio.run(serve_playground(port, journal))
    except OSError as error:
        print(f"The page cannot be served on port {port}: {error.strerror}. Choose another with --port.")
        return 1
    return 0
