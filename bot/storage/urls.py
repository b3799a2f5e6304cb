"""The URLs of databases."""

from pathlib import Path

from sqlalchemy.engine import make_url


def normalize_url(url: str) -> str:
    """Return the URL with the driver that is used here. Raises sqlalchemy.exc.ArgumentError."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    name = parsed.drivername.partition("+")[0]
    if name in drivers:
        parsed = parsed.set(drivername=drivers[name])
    return parsed.render_as_string(hide_password=False)


def default_sqlite_url(directory: Path) -> str:
    """Return the URL of the default database in a data directory."""
    return f"sqlite:///{directory / 'nightshift.sqlite'}"
