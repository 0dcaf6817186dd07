"""What of a runbook's shell commands is dangerous, or does not do what it seems to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from audit.runbook.hazards import remark
from audit.runbook.results import Remark
from audit.runbook.shell import Command, lost_statuses
from audit.runbook.statements import Content

_RUNNERS = ("npm",)
# What npm itself takes, wherever it stands. https://docs.npmjs.com/cli/commands/npm-run-script
_OWN = re.compile(
    r"--(?:silent|if-present|prefix|workspace|workspaces|ignore-scripts|loglevel|script-shell|no-\S+)\b.*|-[swq]+"
)
_CLAIMS = re.compile(r"\b(?:verif\w*|check\w*|test\w*|validat\w*|back ?up\w*)\b", re.IGNORECASE)
_SAYS = frozenset({"echo", "printf", ":", "true"})


def command_hazards(content: Content) -> Iterator[Remark]:
    """Return everything about the commands of a block that is dangerous as it is written."""
    first = content.fence.first
    for lost in lost_statuses(content.commands):
        yield remark(first + lost.line, "alarm cannot ring", "exit status", lost.why, lost.mend)
    for command in content.commands:
        yield from _swallowed(command, first)
        yield from _destroying(command, first)
    yield from _only_said(content)
    for word in content.cron:
        if re.search(r"(?<!\\)%", word.text):
            yield remark(
                first + word.line,
                "cut short by cron",
                "cron",
                "in a crontab a % ends the command, and the rest is its input",
                "write \\% for each %, or put the command into a script",
            )


def _swallowed(command: Command, first: int) -> Iterator[Remark]:
    """Find options that npm takes for its own, so that the script never gets them."""
    texts = command.texts
    if command.name not in _RUNNERS or texts[1:2] not in (["run"], ["run-script"]) or len(texts) < 3:
        return
    script, *rest = texts[2:]
    before = rest[: rest.index("--")] if "--" in rest else rest
    for text in before:
        if text.startswith("-") and not _OWN.fullmatch(text):
            yield remark(
                first + command.line,
                "option is swallowed",
                f"npm run {script} {text.partition('=')[0]}",
                f"npm takes {text} for an option of its own: the script never gets it",
                f"write npm run {script} -- {text}",
            )


def _destroying(command: Command, first: int) -> Iterator[Remark]:
    texts = command.texts
    called = [text for text in texts if not text.startswith("-")]
    line = first + command.line
    if called[:1] in (["npx"], ["pnpm"], ["bunx"]):
        called, texts = called[1:], texts[1:]
    if called[:3] == ["supabase", "db", "reset"]:
        what = "the linked project's" if "--linked" in texts or "--db-url" in texts else "the database's"
        yield remark(
            line,
            "destroys",
            "supabase db reset",
            f"it drops {what} data and builds the schema anew from the migrations",
            "apply the one migration that is missing; keep this for development",
        )
    elif called[:3] == ["supabase", "db", "push"] and "--include-all" in texts and "--dry-run" not in texts:
        yield remark(
            line,
            "more than said",
            "supabase db push --include-all",
            "it applies every migration that the database has not recorded, whatever it is about and in whatever order",
            "look first with supabase db push --dry-run, and push what was reviewed",
        )
    elif command.name in ("dropdb", "pg_resetwal") or (command.name == "pg_restore" and {"-c", "--clean"} & set(texts)):
        yield remark(
            line,
            "destroys",
            command.name,
            "what is in the database now is gone, and no transaction brings it back",
            "restore into another database and compare",
        )


def _only_said(content: Content) -> Iterator[Remark]:
    """Find steps whose comment says that something is checked, and that only print something."""
    fence = content.fence
    lines = fence.text.split("\n")
    numbered = {command.line for command in content.commands}
    for at, line in enumerate(lines):
        comment = re.match(r"\s*#(?!!)\s*(?:\d+[.)]\s*)?(.+)", line)
        if comment is None or not _CLAIMS.search(comment[1]) or any(at == word.line for word in content.cron):
            continue
        end = next((below for below in range(at + 1, len(lines)) if re.match(r"\s*#|\s*$", lines[below])), len(lines))
        step = [command for command in content.commands if command.line in numbered and at < command.line < end]
        if step and all(
            command.name in _SAYS and not command.redirects and command.after in ("", ";") for command in step
        ):
            yield remark(
                fence.first + step[0].line,
                "only said",
                step[0].name,
                "the step says that it checks something, and only prints a line: it ends well whatever is wrong",
                "do what it says, such as restoring the latest backup into a scratch database; else leave it out",
            )
