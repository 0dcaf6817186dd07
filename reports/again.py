"""Reports of a run that is over, from its audit.json: ``python -m reports.again FILE``, ``--against OTHER`` compares.

What compares ends with status 1 where something is new or worse, and with 0 where nothing is.

``--evidence DIR`` writes what an auditor takes along: every report, and a list of the files with their SHA-256, which
``sha256sum --check SHA256SUMS`` reads. ``--sign KEY`` signs that list with an SSH key.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from audit.evidence import safe
from audit.results import Verdict
from reports import folder
from reports.history.changes import Condition, Known, compare
from reports.model import EXIT_HELD, EXIT_VIOLATED, Change, Run
from reports.reading import ReadError, load

MOST_TOLD = 10  # of a change, on the terminal
SUMS = "SHA256SUMS"
NAMESPACE = "care-audit"

# What must not have become of a finding, and verdicts that somebody has looked for.
WORSE = (Change.NEW, Change.BACK, Change.COUNTS_AGAIN)
JUDGED = (Verdict.HOLDS, Verdict.VIOLATED, Verdict.WAIVED)


def against(run: Run, earlier: Run) -> Run:
    """Return a run with what has changed since another one, as a history would say."""
    moment = earlier.started_at
    known = {
        (each.policy, each.object): Known(
            each.policy, each.object, result.severity, Condition.WAIVED if each.waived else Condition.VIOLATED,
            each.since or moment, each.since or moment, moment,
        )
        for result in earlier.results
        for each in result.findings
    }  # fmt: skip
    told, _ = compare(run, known, moment)
    return told


def worsened(run: Run, earlier: Run) -> Iterator[str]:
    """Yield what is worse than it was and no new finding: what is graver now, and what nobody knows any more.

    A policy that does not apply any more is no worse: what it was about is gone.
    """
    now = {result.id: result for result in run.results}
    for before in earlier.having(*JUDGED):
        after = now.get(before.id)
        if after is None:
            yield f"no longer judged: {before.severity} {before.id}: it was not asked"
        elif after.verdict is Verdict.UNCHECKED:
            yield f"no longer judged: {before.severity} {before.id}: {safe(after.reason)}"
        elif after.verdict is Verdict.VIOLATED and before.verdict is Verdict.VIOLATED:
            if after.severity < before.severity:
                yield f"graver: {after.severity} {after.id}, which was {before.severity}"
            if after.partial and not before.partial:
                yield f"no longer judged: {after.severity} {after.id}: not all of it was looked at"


def differences(run: Run, worse: Iterable[str] = ()) -> str:
    """Return what has changed, a line for each finding, and what is ``worse`` beside."""
    from reports import wording  # not above: pytest wants to be the first to import what it rewrites

    lines = [wording.changes_line(run), *map(wording.cut, worse)]
    for change in Change:
        events = run.changes.having(change) if run.changes else ()
        lines += [wording.cut(f"{change}: {each.severity} {each.policy} {each.object}") for each in events[:MOST_TOLD]]
        lines += [f"{change}: {len(events) - MOST_TOLD:,} more, in the report"] if len(events) > MOST_TOLD else []
    return "\n".join(map(wording.printed, lines))


def write(run: Run, where: Path, words: frozenset[str]) -> list[Path]:
    """Write reports of a run; audit.json is what they are made of, and stays as it is. Raises OSError."""
    from reports.pipeline import RENDERERS
    from reports.renderers import html

    paths = []
    for word, name in folder.OUTPUTS.items():
        if word in words:
            text = html.render(run) if word == "html" else RENDERERS[word](run)
            folder.replace_file(where / name, text)
            paths.append(where / name)
    return paths


def evidence(run: Run, source: Path, where: Path, key: Path | None) -> list[Path]:
    """Write every report, the audit.json as it is, and the list of them. Raises OSError, or ReadError about the key."""
    where.mkdir(parents=True, exist_ok=True)
    paths = write(run, where, frozenset(folder.OUTPUTS) - {"json"})
    shutil.copyfile(source, where / folder.OUTPUTS["json"])
    paths.append(where / folder.OUTPUTS["json"])
    sums = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(paths))
    folder.replace_file(where / SUMS, "".join(sums))
    return [*paths, where / SUMS, *([_signed(where / SUMS, key)] if key else [])]


def _signed(path: Path, key: Path) -> Path:
    """Sign a file; ``ssh-keygen -Y verify`` checks it. Raises ReadError."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ReadError("there is no ssh-keygen, which signs the list of files: install openssh-client")
    path.with_name(f"{path.name}.sig").unlink(missing_ok=True)
    call = [program, "-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(path)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    if done.returncode:
        raise ReadError(f"{key}: the list of files could not be signed with it")
    return path.with_name(f"{path.name}.sig")


def main(arguments: list[str]) -> int:
    """Do what was asked for; return the exit status."""
    parser = ArgumentParser(prog="python -m reports.again", description="Reports of a run that is over.")
    parser.add_argument("file", type=Path, metavar="AUDIT.JSON")
    parser.add_argument("--against", type=Path, metavar="AUDIT.JSON", help="an earlier run, to compare with")
    parser.add_argument("--report-dir", type=Path, metavar="DIR", help="default: beside the file")
    parser.add_argument("--output", default="html", metavar="WORDS", help=f"{', '.join(folder.OUTPUTS)}")
    parser.add_argument("--evidence", type=Path, metavar="DIR", help="write what an auditor takes along")
    parser.add_argument("--sign", type=Path, metavar="KEY", help="sign the list of files with this SSH key")
    try:
        return _done(parser.parse_args(arguments))
    except ReadError as error:
        sys.stderr.write(f"{error}\n")
    except OSError as error:
        sys.stderr.write(f"{error.filename}: it could not be written ({error.strerror})\n")
    return 4


def _done(options: Namespace) -> int:
    run = load(options.file)
    words = frozenset(word.strip() for word in options.output.split(","))
    if wrong := sorted(words - folder.OUTPUTS.keys()):
        raise ReadError(f"--output: there is no output {wrong[0]!r}; there are {', '.join(folder.OUTPUTS)}")
    status = EXIT_HELD
    if options.against:
        earlier = load(options.against)
        run, worse = against(run, earlier), [*worsened(run, earlier)]
        sys.stdout.write(f"{differences(run, worse)}\n")
        if worse or any(event.change in WORSE for event in (run.changes.events if run.changes else ())):
            status = EXIT_VIOLATED
    if options.evidence:
        paths = evidence(run, options.file, options.evidence, options.sign)
    else:
        where = options.report_dir or options.file.parent
        paths = write(run, where, words)
    for path in paths:
        sys.stdout.write(f"report: {safe(str(path))}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
