"""The ``nightshift`` command. Each subcommand imports its code when it runs, which keeps the start short."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from bot.configuration import Transport

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
policy_app = typer.Typer(no_args_is_help=True, help="Inspect the approval policy.")
app.add_typer(policy_app, name="policy")

Config = Annotated[Path | None, typer.Option("--config", help="The TOML file. Default: NIGHTSHIFT_CONFIG.")]
Http = Annotated[str, typer.Option("--http", help="[HOST:]PORT to listen on for requests from Slack.")]
Socket = Annotated[bool, typer.Option("--socket", help="Use Socket Mode. The default without --http.")]

Admin = Annotated[str, typer.Option("--admin", help="[HOST:]PORT for probes and metrics. Default: the port of --http.")]


@app.command()
def serve(http: Http = "", socket: Socket = False, admin: Admin = "", config: Config = None) -> None:
    """Run the bot."""
    import asyncio
    import gc

    # What is loaded during the start stays in use. Collecting garbage meanwhile would cost a third of the start.
    gc.disable()
    import uvloop

    from bot import logs
    from bot.configuration import load_configuration
    from bot.errors import ConfigError
    from bot.serve import serve as run
    from bot.wiring import build_bot

    try:
        address, operators = _parse_address(http), _parse_address(admin, "--admin")
        socket = socket or address is None
        transports = _transports(address, socket)
        configuration = load_configuration(config, transports)
        settings = configuration.settings
        logs.configure_logging(settings.log_level, as_json=settings.log_json)
        bot = build_bot(settings, configuration.path)
        gc.freeze()
        gc.enable()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(bot, http=address, socket=socket, admin=operators))
    except ConfigError as error:
        _exit_with_problems(error.problems)


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page, on this machine only.")] = 8080,
    script: Annotated[bool, typer.Option("--script", help="Play a story as text, without a browser.")] = False,
    journal: Annotated[
        Path | None, typer.Option(help="File to which every exchange with Slack is written, as JSON lines.")
    ] = None,
) -> None:
    """Run the bot with a local Slack and sandboxes of the back ends."""
    from playground import demo as command

    raise typer.Exit(command.run(port=port, as_text=script, journal=journal))


@app.command()
def when(
    phrase: Annotated[
        list[str] | None, typer.Argument(help="A time in your own words, such as tomorrow 21:00.")
    ] = None,
    now: Annotated[str, typer.Option(help="The time at which it is said (ISO 8601). Default: the current time.")] = "",
    zone: Annotated[str, typer.Option(help="The IANA time zone of the speaker.")] = "UTC",
    json: Annotated[bool, typer.Option("--json", help="Print the reading as JSON.")] = False,
    batch: Annotated[bool, typer.Option("--batch", help="JSON lines in, JSON lines out.")] = False,
) -> None:
    """Print the schedule that a phrase means."""
    from bot.commands import when as command

    raise typer.Exit(command.run(" ".join(phrase or ()), now=now, zone=zone, as_json=json, batch=batch))


@app.command("dry-run")
def dry_run(
    operation: Annotated[str, typer.Argument(help="The operation, such as foreman.run.")],
    params: Annotated[str, typer.Option("--params", help="A JSON file, or - for standard input.")],
    when: Annotated[str, typer.Option("--when", help="A time in your own words. Default: now.")] = "",
    now: Annotated[str, typer.Option(help="The time at which it is said (ISO 8601). Default: the current time.")] = "",
    zone: Annotated[str, typer.Option(help="The IANA time zone of the speaker.")] = "UTC",
) -> None:
    """Print what an operation would send. Sends nothing."""
    from bot.commands import dry_run as command

    raise typer.Exit(command.run(operation, params, when=when, now=now, zone=zone))


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database up to date. Safe to run again. The changelog says when nodes must be stopped first."""
    from bot.errors import ConfigError
    from bot.settings import load_settings
    from bot.storage.migrate import migrate as run

    try:
        before, after = run(load_settings(config).resolved_database_url)
    except ConfigError as error:
        _exit_with_problems(error.problems)
    print(
        f"The database is at revision {after}."
        if before == after
        else f"Migrated from {before or 'nothing'} to {after}."
    )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file.")],
    config: Config = None,
) -> None:
    """Copy the database into a file while the bot runs. PostgreSQL needs pg_dump."""
    from bot.commands import backup as command

    raise typer.Exit(command.run(file, config))


@app.command()
def restore(
    file: Annotated[
        Path | None, typer.Argument(help="A backup of SQLite. Without it: PostgreSQL was restored already.")
    ] = None,
    config: Config = None,
) -> None:
    """Put a backup in place, hold every start until an administrator releases it, and list what is held."""
    from bot.commands import restore as command

    raise typer.Exit(command.run(file, config))


@app.command()
def doctor(http: Http = "", socket: Socket = False, config: Config = None) -> None:
    """Check the configuration as serve does, then the database, Slack, the channels and every back end."""
    from bot.commands import doctor as command
    from bot.errors import ConfigError

    try:
        transports = _transports(_parse_address(http), socket)
    except ConfigError as error:
        _exit_with_problems(error.problems)
    raise typer.Exit(command.run(config, transports))


@app.command()
def audit(
    request: Annotated[str, typer.Argument(help="A request, such as NS-12. Default: all requests.")] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Check that no entry was altered.")] = False,
    config: Config = None,
) -> None:
    """Print the audit trail as JSON lines, or check it."""
    from bot.commands import audit as command

    raise typer.Exit(command.run(request, verify=verify, config=config))


@app.command()
def log(
    request: Annotated[str, typer.Argument(help="A request, such as NS-12.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
    config: Config = None,
) -> None:
    """Print what happened to a request, in order: changes, decisions, calls and messages."""
    from bot.commands import log as command

    raise typer.Exit(command.run(request, as_json=as_json, config=config))


@app.command()
def manifest(
    http: Annotated[str, typer.Option("--http", help="The public URL of the bot. Default: Socket Mode.")] = "",
) -> None:
    """Print the manifest from which Slack creates the app."""
    from bot.commands import manifest as command

    print(command.manifest_yaml(http), end="")


@app.command("init")
def init(
    file: Annotated[Path, typer.Argument(help="The new file.")] = Path("nightshift.toml"),
) -> None:
    """Make a first configuration by questions, with a policy and its tests."""
    from bot.commands import init as command

    raise typer.Exit(command.run(file))


@policy_app.command("check")
def policy_check(config: Config = None) -> None:
    """Compare the policy with what is configured, and with what Slack and the systems have: groups, people, channels,
    templates."""
    from bot.commands import policy_check as command

    raise typer.Exit(command.run(config))


@policy_app.command("explain")
def explain(
    request: Annotated[str, typer.Argument(help="A request such as NS-12, or a JSON file that describes one.")],
    expect: Annotated[
        Literal["ask", "approve", "refuse"] | None,
        typer.Option(help="Exit with 1 for something else, and for what is refused."),
    ] = None,
    config: Config = None,
) -> None:
    """Print which rules apply to a request, which do not, and why. A stored request is judged as before its start."""
    from bot.commands import policy as command

    raise typer.Exit(command.run(request, config, expect))


@policy_app.command("test")
def policy_test(config: Config = None) -> None:
    """Play the tests of the policy, and print a table of what differs from what they expect."""
    from bot.commands import policy_test as command

    raise typer.Exit(command.run(config))


@policy_app.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(help="The file with the policy as it is.")],
    new: Annotated[Path, typer.Argument(help="The file with the policy as it would be.")],
    days: Annotated[int, typer.Option(min=1, help="How many days of requests are judged.")] = 90,
    config: Config = None,
) -> None:
    """Print which of the latest requests would have been judged differently. --config names the database."""
    from bot.commands import policy_diff as command

    raise typer.Exit(command.run(old, new, days, config))


@policy_app.command("new")
def policy_new(
    file: Annotated[Path | None, typer.Argument(help="The new file. Default: print it.", show_default=False)] = None,
) -> None:
    """Make a first policy by questions, with tests."""
    from bot.commands import policy_new as command

    raise typer.Exit(command.run(file))


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"nightshift {version('nightshift-bot')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Maintenance work from Slack: Foreman, OpsRamp, ImmyBot."""


def _parse_address(text: str, option: str = "--http") -> tuple[str, int] | None:
    from bot.errors import ConfigError

    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ConfigError([f"command line: {option}: {text!r} is not [HOST:]PORT"])
    return host or "127.0.0.1", int(port)


def _transports(address: tuple[str, int] | None, socket: bool) -> "frozenset[Transport]":
    """Return the transports that the options ask for."""
    chosen: set[Transport] = set()
    if address is not None:
        chosen.add("http")
    if socket:
        chosen.add("socket")
    return frozenset(chosen)


def _exit_with_problems(problems: tuple[str, ...]) -> NoReturn:
    for problem in problems:
        print(problem, file=sys.stderr)
    raise typer.Exit(2)


def main() -> None:
    """Entry point of the ``nightshift`` command."""
    app()
