"""What a start does not need is not imported by it."""

import subprocess
import sys

NEEDED_LATER = ("dateparser", "icalendar", "recurring_ical_events", "alembic", "typer", "nicegui", "playground")
CODE = f"import sys, bot.serve, bot.wiring; print([name for name in {NEEDED_LATER!r} if name in sys.modules])"


def test_serve_imports_nothing_that_is_needed_later():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_serve_imports_no_command_and_the_commands_import_each_other_late():
    code = "import sys, bot.cli; print([name for name in sys.modules if name.startswith('bot.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['bot.cli']"
