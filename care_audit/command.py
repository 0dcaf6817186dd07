"""The command care-audit: its verbs. Each does what a module of its own does; here is how they are called.

A mistake gets one sentence, and pytest's exit status for a wrong call; the help of each verb is at most 40 lines.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import click

from audit.connection import TargetError
from audit.evidence import Unchecked, safe
from audit.house import version
from audit.settings import emptiness
from audit.toml_file import suggestion
from care_audit.place import REPORTS

USAGE = 4  # as pytest's
WIDTH = 110

# What the help of each verb shows; all others are shown by --help-all.
SOURCE = ("--migrations", "--schema", "--target")
FILES = ("--access", "--waivers", "--baseline")
TOLD = ("--output", "--report-dir")
CHECK = (*SOURCE, "--app", *FILES, "--write-baseline", *TOLD, "--postgres-bin", "--members", "--no-shadow")
GATE = ("--base", "--since-version", "--files", "--migrations", "--target", *FILES, *TOLD, "--postgres-bin")
NIGHTLY = ("--target", "--app", *FILES, "--history", "--alert-file", "--alert-on", "--budget-ms", "--postgres-bin")
OF_A_DATABASE = ("--migrations", "--schema", "--before", "--postgres-bin", "--members", "--platform-defaults")


class Verb(click.Command):
    """A verb whose options have a value where they are given: an empty one is a variable that was not set."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words. Raises UsageError."""
        rest = super().parse_args(ctx, args)
        for param in self.get_params(ctx):
            key = param.name or ""
            said = ctx.get_parameter_source(key) is click.core.ParameterSource.COMMANDLINE and key != "pytest"
            name = param.opts[0] if isinstance(param, click.Option) else f"the {param.human_readable_name}"
            if said and (empty := emptiness(name, ctx.params.get(key))):
                raise click.UsageError(empty, ctx)
        return rest


class Group(click.Group):
    """Verbs in the order in which one needs them; of one that is unknown the nearest is named."""

    command_class = Verb

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs as they stand in this file."""
        return [*self.commands]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a verb. Raises UsageError."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            hint = suggestion(args[0], self.commands, "the verbs are")
            raise click.UsageError(f"there is no verb {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


class Audit(Verb):
    """A verb that takes the options of an audit, as the plugins declare them, and shows those that ``shown`` names."""

    def __init__(self, *names: Any, shown: Sequence[str] = (), only: bool = False, **rest: Any) -> None:  # noqa: ANN401
        super().__init__(*names, **rest)
        self.shown = shown
        self.only = only
        self.completed = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options; the plugins are imported when a verb needs them."""
        if not self.completed:
            self.completed = True
            self.params += _of_plugins(self.shown, only=self.only)
        return super().get_params(ctx)


def _of_plugins(shown: Sequence[str], *, only: bool) -> Iterable[click.Parameter]:
    from care_audit.options import options

    known = options()
    wanted = shown if only else [*shown, *(name for name in known if name not in shown)]
    for name in wanted:
        option = known[name]
        yield click.Option(
            [name],
            metavar=option.said.get("metavar"),
            help=option.help,
            hidden=name not in shown,
            is_flag=option.switch or None,
            multiple=option.several,
            type=int if option.number else click.Choice(option.choices) if option.choices else None,
            expose_value=True,
        )
    if not only:
        yield click.Option(
            ["--help-all"], is_flag=True, is_eager=True, expose_value=False, callback=_help_all, help="Every option."
        )


def _help_all(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for param in ctx.command.params:
            if isinstance(param, click.Option):
                param.hidden = False
        click.echo(ctx.get_help())
        ctx.exit()


def given() -> list[str]:
    """Return the options of an audit that were given, as words."""
    from care_audit.options import options

    ctx = click.get_current_context()
    words: list[str] = []
    for name, option in options().items():
        key = name.removeprefix("--").replace("-", "_")
        value = ctx.params.get(key)
        if value is not None and value is not False and value != ():
            words += option.words(value)
    return words


SETTINGS = click.option(
    "--settings", metavar="FILE", help="the project's settings (default: audit.toml, found upwards)"
)
SEVERITY = click.Choice(["P0", "P1", "P2", "P3"])
PYTEST = click.argument("pytest", nargs=-1, metavar="[-- OPTIONS OF PYTEST]")


def selecting(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that select policies."""
    verb = click.option("--policy", multiple=True, metavar="ID", help="only this policy; may be given again")(verb)
    return click.option("--severity", multiple=True, type=SEVERITY, help="only policies of this severity")(verb)


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    epilog="The first step in a project: care-audit check. Then: care-audit init.",
)
@click.version_option(version(), prog_name="care-audit", message="%(prog)s %(version)s")
def cli() -> None:
    """Find out who can reach what in a Supabase project's database, by trying it on a disposable copy."""


@cli.command()
@click.option("--dry-run", is_flag=True, help="show what would be written, and write nothing")
@click.option("--migrations", metavar="DIR", help="what the database is built from (default: where projects keep it)")
@click.option("--schema", metavar="FILE", help="or one file, such as a dump")
@click.option("--app", metavar="DIR", help="the application's folder (default: the one with a package.json)")
def init(**given: Any) -> int:  # noqa: ANN401
    """Write a project's files: settings, a draft of who may reach what, a baseline, workflows."""
    from care_audit.beginning import init as begin

    return begin(**given)


@cli.command(cls=Audit, shown=CHECK)
@SETTINGS
@selecting
@PYTEST
def check(**rest: Any) -> int:  # noqa: ANN401
    """Audit the database that the migrations build, or a live one, which is only read."""
    from care_audit import calling

    return calling.check(given(), **_selected(rest))


@cli.command(cls=Audit, shown=GATE)
@SETTINGS
@PYTEST
def gate(settings: str | None, pytest: tuple[str, ...], **_: Any) -> int:  # noqa: ANN401
    """Judge what new migrations would do, before they are merged."""
    from care_audit import calling

    return calling.gate(given(), settings, pytest)


@cli.command(cls=Audit, shown=NIGHTLY)
@SETTINGS
@click.option("--into", metavar="DIR", help="where reports and history go (default: audit-reports/nightly)")
@PYTEST
def nightly(settings: str | None, into: str | None, pytest: tuple[str, ...], **_: Any) -> int:  # noqa: ANN401
    """Audit a live database as a scheduler does: history, alerts, a folder for each run."""
    from care_audit import calling

    return calling.nightly(given(), settings, into, pytest)


@cli.command(cls=Audit, shown=CHECK)
@SETTINGS
@click.option("--severity", type=SEVERITY, default="P0", help="of what severity (default P0)")
@PYTEST
def incident(settings: str | None, severity: str, pytest: tuple[str, ...], **_: Any) -> int:  # noqa: ANN401
    """Ask the policies of one severity alone, with by when what has to be done."""
    from care_audit import calling

    return calling.check(given(), settings, (), (severity,), pytest)


@cli.command(cls=Audit, shown=(*OF_A_DATABASE, "--access"), only=True)
@SETTINGS
def draft(settings: str | None, **_: Any) -> int:  # noqa: ANN401
    """Print a draft of access.toml for the tables that are not declared."""
    from care_audit import calling

    return calling.draft(given(), settings)


@cli.command(cls=Audit, shown=(*OF_A_DATABASE, "--access"), only=True)
@click.argument("chosen", nargs=-1, metavar="[ID | NUMBER]...")
@click.option("--write", is_flag=True, help="write it where the project keeps its migrations")
@SETTINGS
def fix(chosen: tuple[str, ...], write: bool, settings: str | None, **_: Any) -> int:  # noqa: ANN401
    """Print a migration of the fixes that cannot harm, proved on a copy: of policies, of causes, or of everything."""
    from care_audit import fixing

    return fixing.fix(chosen, given(), settings, write=write)


@cli.command(cls=Audit, shown=(*OF_A_DATABASE, "--access"), only=True)
@click.argument("kind", type=click.Choice(["pgtap", "sql"]))
@click.option("--into", metavar="FILE", help="the file to write (default: print it)")
@SETTINGS
def export(kind: str, into: str | None, settings: str | None, **_: Any) -> int:  # noqa: ANN401
    """Write what runs without care-audit: declared access as a pgTAP suite, or the questions as views."""
    from care_audit import exporting

    return exporting.export(kind, given(), settings, into)


@cli.command()
@click.argument("policy", metavar="ID")
def explain(policy: str) -> int:
    """Say what a policy asks for, why that matters, and what mends it."""
    from care_audit import telling

    return telling.explain(policy)


@cli.command()
@click.argument("policy", metavar="ID")
def show(policy: str) -> int:
    """Print the question of a policy, to paste into psql."""
    from care_audit import telling

    return telling.show(policy)


@cli.command(name="list")
@selecting
@click.option("--all", "unselected", is_flag=True, help="those of packs that the project does not select, too")
def list_(policy: tuple[str, ...], severity: tuple[str, ...], unselected: bool) -> int:
    """List the policies that are asked in this project."""
    from care_audit import telling

    return telling.listed(policy, severity, unselected=unselected)


@cli.command(cls=Audit, shown=OF_A_DATABASE, only=True)
@click.argument("policies", nargs=-1, metavar="[ID]...")
@SETTINGS
def prove(policies: tuple[str, ...], settings: str | None, **_: Any) -> int:  # noqa: ANN401
    """Prove the project's own policies: each sabotage is found and mended, innocents are not blamed."""
    from care_audit import proving

    return proving.prove(policies, given(), settings)


@cli.command(name="new-policy")
@click.argument("policy", required=False, metavar="[ID]")
@click.option("--title", metavar="TEXT", help="what must be true, as a sentence")
@click.option("--severity", type=SEVERITY, default="P2", help="how bad it is if it is not (default P2)")
@SETTINGS
def new_policy(policy: str | None, title: str | None, severity: str, settings: str | None) -> int:
    """Write a policy of the project's own, and the file that proves it."""
    from care_audit import policies_anew

    return policies_anew.new_policy(policy, title, severity, settings)


@cli.command()
@click.option("--history", metavar="FILE", help="what remembers (default: audit-reports/history.sqlite)")
@click.option("--report-dir", metavar="DIR", help="where the page goes (default: audit-reports)")
@SETTINGS
def history(history: str | None, report_dir: str | None, settings: str | None) -> int:
    """Print what earlier runs found, and write a page of it."""
    from care_audit import calling

    return calling.history(history, report_dir, settings)


@cli.command()
@click.argument("file", required=False, metavar="[AUDIT.JSON]")
@click.option("--output", default="html", metavar="WORDS", help="which reports (default: html)")
@click.option("--report-dir", metavar="DIR", help="where they go (default: beside the file)")
@click.option("--evidence", metavar="DIR", help="write what an auditor takes along")
@click.option("--sign", metavar="KEY", help="sign the list of its files with this SSH key")
@SETTINGS
def report(file: str | None, settings: str | None, **given: str | None) -> int:
    """Write reports of a run that is over, from its audit.json (default: the last one's)."""
    from care_audit import calling

    return calling.report(file, None, settings, given)


@cli.command()
@click.argument("earlier", metavar="EARLIER.JSON")
@click.argument("later", required=False, metavar="[LATER.JSON]")
@click.option("--output", default="html", metavar="WORDS", help="which reports of the comparison (default: html)")
@click.option("--report-dir", metavar="DIR", help="where they go (default: beside the later file)")
@SETTINGS
def compare(earlier: str, later: str | None, settings: str | None, **given: str | None) -> int:
    """Say what has changed between two runs: new, fixed, back again (default: up to the last run).

    Exit status: 0 nothing is new or worse, 1 something is, or is no longer judged, 4 a file could not be read.
    """
    from care_audit import calling

    return calling.report(later, earlier, settings, given)


@cli.command()
@click.argument("targets", default="targets.toml", metavar="[TARGETS.TOML]")
@click.option("--into", default="audit-reports/fleet", metavar="DIR", help="default: audit-reports/fleet")
@click.option("--scheduler", default="", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786")
@click.option("--resume", is_flag=True, help="go on with the last round, where it was stopped")
def fleet(targets: str, into: str, scheduler: str, resume: bool) -> int:
    """Audit many databases; one page is about all of them."""
    from care_audit.fleet import main

    words = [targets, f"--into={into}", f"--scheduler={scheduler}", *(["--resume"] if resume else [])]
    return main(words)


@cli.command(
    cls=Audit, shown=("--target", "--app", "--migrations", "--history", "--no-history", "--alert-file"), only=True
)
@SETTINGS
@click.option("--no-alerts", is_flag=True, help="nobody is to hear of anything, and that is meant")
def doctor(settings: str | None, no_alerts: bool, **_: Any) -> int:  # noqa: ANN401
    """Tell whether application, database and audit are set up."""
    from care_audit import calling

    return calling.doctor(given(), settings, no_alerts=no_alerts)


@cli.command(cls=Audit, shown=("--migrations", "--target", *FILES, "--report-dir", "--postgres-bin"))
@SETTINGS
@PYTEST
def drift(settings: str | None, pytest: tuple[str, ...], **_: Any) -> int:  # noqa: ANN401
    """Compare a live database with what its migrations build."""
    from care_audit import calling

    return calling.drift(given(), settings, pytest)


@cli.command(cls=Audit, shown=("--runbook", *SOURCE, "--app", "--report-dir", "--postgres-bin"))
@SETTINGS
@PYTEST
def runbook(settings: str | None, pytest: tuple[str, ...], **_: Any) -> int:  # noqa: ANN401
    """Audit a runbook in Markdown against a database."""
    from care_audit import calling

    return calling.runbook(given(), settings, pytest)


def _selected(rest: dict[str, Any]) -> dict[str, Any]:
    names = {"settings": "settings", "policy": "policies", "severity": "severities", "pytest": "more"}
    return {names[name]: value for name, value in rest.items() if name in names}


def _ended(sentence: str, status: int = USAGE) -> NoReturn:
    click.echo(f"care-audit: {sentence}", err=True)
    sys.exit(status)


def _told(error: click.ClickException) -> str:
    """Return what is wrong with a call, and what to do, in one sentence."""
    if isinstance(error, click.NoSuchOption) and error.ctx is not None:
        known = [name for param in error.ctx.command.params for name in param.opts if name.startswith("--")]
        near = get_close_matches(error.option_name, known, 1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"{error.ctx.command_path} --help shows the options"
        return safe(f"there is no option {error.option_name}; {hint}")
    text = error.format_message().rstrip(".").replace("\n", " ")
    text = text[0].lower() + text[1:] if text else "it was called in a way that is of no use"
    hint = f" ({error.ctx.command_path} --help shows how)" if isinstance(error, click.UsageError) and error.ctx else ""
    return safe(f"{text}{hint if 'did you mean' not in text else ''}")


def _unread() -> None:
    """Write to nowhere what is still to be written: Python would complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_UNWRITABLE = {
    errno.EROFS: "make it writable",
    errno.EACCES: "make it readable and writable for you",
    errno.EPERM: "make it readable and writable for you",
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
}


def _of_file(error: OSError) -> str:
    """Say what is wrong with a file or folder, and what to do."""
    what = f"{error.filename or 'what there is to say cannot be written'}: {error.strerror or error}"
    if error.errno in _UNWRITABLE and Path(str(error.filename)).name == REPORTS:
        return f"{what}: say where the reports are to go, --report-dir=DIR"
    return f"{what}: {_UNWRITABLE[error.errno]}" if error.errno in _UNWRITABLE else what


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Do what was asked for; end with its status."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # it was closed before we were called
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as we run
    try:
        status = cli.main(args=arguments, prog_name="care-audit", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(0)
    except click.Abort:
        _ended("interrupted", 2)
    except click.ClickException as error:
        _ended(_told(error))
    except (TargetError, Unchecked, ValueError) as error:
        _ended(safe(str(error)))
    except BrokenPipeError:
        _unread()  # nobody reads on, and that is fine
        sys.exit(0)
    except OSError as error:
        if error.filename is None:
            _unread()
        _ended(safe(_of_file(error)))
    sys.exit(status if isinstance(status, int) else 0)
