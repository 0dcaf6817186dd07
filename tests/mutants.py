"""How many mutants the policies catch: ``make mutants``, or ``python -m tests.mutants --migrations=DIR --access=FILE``.

A mutant is the database with one guard less (tests/support/mutating.py), in a transaction that is rolled back. It is
caught when a policy is VIOLATED, by an assertion, about an object that it does not complain of in the database as is.
What survives is listed, and needs a reason: why nothing changes for anybody, or which other layer still refuses.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from multiprocessing import get_context
from pathlib import Path

from psycopg import Error

from audit import settings
from audit.access import declaration
from audit.access.parameters import parameters
from audit.connection import Dsn, TargetError, connect
from audit.evidence import safe
from audit.question import Connection
from audit.results import Verdict
from audit.server.target import MIGRATIONS, Choice, opened
from audit.server_errors import describe
from fixtures.suite import Suite
from tests.support.mutating import Mutant, mutants
from tests.support.proving import POLICIES, Bench, Sabotage

ROOT = Path(__file__).parents[1]
REASONS = Path(__file__).with_suffix(".toml")
PAGE = ROOT / "docs" / "mutants.md"
WANTED = 95.0

# Schemas unlike the reference, with declarations of their own; the cast is there whatever the number of members.
SCHEMAS, FOREIGN, FOREIGN_MEMBERS = ROOT / "tests" / "schemas", ("shop", "blog", "queue"), 3

# Of these a verdict says nothing about access: a mutant that is merely slower, or that disturbs the statistics, is
# not caught by them.
NOT_ASKED = ("PERF-", "MAINT-", "MON-", "DRIFT-", "MIG-", "CONF-", "RUN-", "VAC-")
# MON-07 is about who reads the operators' figures.
ASKED_ALL_THE_SAME = ("MON-07",)

# What sees most is asked first, and what takes its time last.
FIRST = ("RLS-07", "RLS-08")
LAST = ("CONTACT-06", "EXPO-11", "RLS-19", "EXPO-05", "SCHEMA-04", "AUTH-08", "RLS-09")

CONNECT_EVERY = 5

SURVIVING = {
    "equivalent": "Equivalent",
    "masked": "Masked by another layer",
    "late": "Found once it was made use of",
    "known": "Known holes",
}

# Guards of what may be stored, and what functions ask before they do something: the figure that is wanted is about who
# may reach what, and is told without them and with them.
INSIDE = frozenset(
    """
    cascade loosened/check dropped/condition of a function/exception not raised/foreign key dropped/function's answer
    /null allowed/unique key dropped
    """.replace("\n", "")
    .strip()
    .split("/")
)

# Kinds that the matrix, which looks at tables, has little to say about.
OF_THE_CATALOGUE = frozenset(
    """
    execute given/execute revoked/default privileges/role/search_path released/exception not raised/trigger dropped
    /check dropped/foreign key dropped/unique key dropped/cascade loosened/null allowed/condition of a view
    /bucket made public
    """.replace("\n", "")
    .strip()
    .split("/")
)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: caught ``by`` a policy; which could not judge it; or why it is no SQL."""

    mutant: Mutant
    by: str = ""
    unchecked: tuple[str, ...] = ()
    refused: str = ""


@dataclass(frozen=True)
class Reason:
    """Why a mutant survives.

    ``kind`` is "equivalent": nothing changes for anybody; "masked": another layer refuses still; "late": a policy about
    the data says so once somebody has made use of it; "known": a hole of the policies that somebody has looked at. The
    last two are not caught.
    """

    name: str
    kind: str
    text: str

    def covers(self, mutant: Mutant) -> bool:
        """Tell whether this is about a mutant, by its name or a pattern of names."""
        return self.name == mutant.name or fnmatchcase(mutant.name, self.name)


def asked(kind: str) -> list[str]:
    """Return the policies that a mutant of some kind is shown to, in that order."""
    able = [
        name
        for name, policy in POLICIES.items()
        if not policy.needs and (name in ASKED_ALL_THE_SAME or not name.startswith(NOT_ASKED))
    ]
    of_catalogue = [name for name in able if set(POLICIES[name].askers) == {"auditor"}]
    first = [*of_catalogue, *FIRST] if kind in OF_THE_CATALOGUE else [*FIRST]
    order = [*first, *(name for name in able if name not in LAST), *(name for name in able if name in LAST)]
    return [name for name in dict.fromkeys(order) if name in able]


class Court:
    """Shows mutants to the policies, on one database."""

    def __init__(self, bench: Bench, dsn: Dsn) -> None:
        self.bench = bench
        self.dsn = dsn
        self.tried = 0
        self.before: dict[str, tuple[Verdict, frozenset[str]]] = {}
        connection = bench.connection
        connection.execute("begin")
        for name in asked(""):
            result = bench.ask(POLICIES[name], connection)
            self.before[name] = result.verdict, frozenset(finding.object for finding in result.findings)
        connection.execute("rollback")

    def judge(self, mutant: Mutant) -> Outcome:
        """Make a mutant, show it to one policy after the other until one has found something, and undo it."""
        self._refresh()
        unchecked = []
        with self.bench.proof(Sabotage(path=Path(), policy="", innocent=False, sql=mutant.sql)) as scene:
            try:
                scene.execute(mutant.sql)
            except Error as error:
                return Outcome(mutant, refused=error.diag.message_primary or describe(error))
            for name in asked(mutant.kind):
                verdict, known = self.before[name]
                result = scene.ask(name)
                if result.verdict is Verdict.VIOLATED and {f.object for f in result.findings} - known:
                    return Outcome(mutant, by=name, unchecked=tuple(unchecked))
                if result.verdict is Verdict.UNCHECKED and verdict is not Verdict.UNCHECKED:
                    unchecked.append(name)
        return Outcome(mutant, unchecked=tuple(unchecked))

    def _refresh(self) -> None:
        """Connect again now and then: what a session remembers of objects that were rolled back makes it slow."""
        self.tried += 1
        if self.tried % CONNECT_EVERY == 0:
            self.bench.connection.close()
            self.bench.connection = connect(self.dsn)


@dataclass(frozen=True)
class Task:
    """What one process does: every ``of``-th mutant of a database, beginning with number ``part``."""

    choice: Choice
    access: Path
    settings: Path
    only: str = "*"
    part: int = 0
    of: int = 1
    every: int = 1


def outcomes(task: Task) -> list[Outcome]:
    """Build the database of a task, and return what becomes of its mutants. Raises TargetError and ValueError."""
    declared, chosen = declaration.load(task.access), settings.load(task.settings)
    with opened(task.choice) as target:
        if target.server is None:
            raise TargetError("mutants are made on the embedded target only")
        dsn = target.server.clone_database("mutants")
        connection = connect(dsn)
        bench = Bench(target, parameters(connection, chosen, declared), connection, Suite(chosen, declared))
        try:
            court = Court(bench, dsn)
            found = [each for each in of_database(bench) if fnmatchcase(f"{each.kind}: {each.name}", task.only)]
            return [_told_at_once(court.judge(mutant)) for mutant in found[:: task.every][task.part :: task.of]]
        finally:
            bench.connection.close()


def _told_at_once(outcome: Outcome) -> Outcome:
    """Say what survives while others are still at work: a run takes minutes."""
    if not outcome.by:
        print(f"{'no SQL' if outcome.refused else 'survives'}: {_plain(outcome)}", file=sys.stderr, flush=True)
    return outcome


def of_database(bench: Bench) -> list[Mutant]:
    """Return the mutants of a bench's database."""
    connection: Connection = bench.connection
    connection.execute("begin")
    found = mutants(connection, bench.known)
    connection.execute("rollback")
    return found


def shared(task: Task, processes: int) -> list[Outcome]:
    """Share the mutants out over some processes; return what became of each, by kind and name."""
    tasks = [replace(task, part=part, of=processes) for part in range(processes)]
    if processes == 1:
        return sorted(outcomes(tasks[0]), key=_place)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        done = [future.result() for future in as_completed([pool.submit(outcomes, each) for each in tasks])]
    return sorted((each for part in done for each in part), key=_place)


def _place(outcome: Outcome) -> tuple[str, str]:
    return outcome.mutant.kind, outcome.mutant.name


def read_reasons(path: Path) -> list[Reason]:
    """Read why mutants survive. Raises ValueError with one sentence when the file is not as it must be."""
    if not path.exists():
        return []
    found = []
    for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
        if not isinstance(entry, dict) or len(entry) != 1 or not {*entry} <= {*SURVIVING}:
            raise ValueError(f'{path.name}: ["{name}"] must say one of {", ".join(SURVIVING)}, and why')
        ((kind, text),) = entry.items()
        found.append(Reason(name, kind, str(text)))
    return found


@dataclass(frozen=True)
class Score:
    """What was measured. Every mutant is caught, equivalent, masked, or missed, if it is SQL at all."""

    outcomes: Sequence[Outcome]
    reasons: Sequence[Reason]

    @property
    def made(self) -> list[Outcome]:
        """The mutants that came to be."""
        return [each for each in self.outcomes if not each.refused]

    @property
    def refused(self) -> list[Outcome]:
        """The changes that the server took for no SQL."""
        return [each for each in self.outcomes if each.refused]

    @property
    def caught(self) -> list[Outcome]:
        """The mutants that some policy complained of."""
        return [each for each in self.made if each.by]

    def surviving(self, kind: str) -> list[tuple[Outcome, str]]:
        """Return the survivors of one kind of reason, each with the reason."""
        reasons = [(each, self.reason(each)) for each in self.made if not each.by]
        return [(each, why.text) for each, why in reasons if why is not None and why.kind == kind]

    @property
    def missed(self) -> list[Outcome]:
        """The survivors without a reason: holes of the suite, or reasons that nobody has written yet."""
        return [each for each in self.made if not each.by and self.reason(each) is None]

    def reason(self, outcome: Outcome) -> Reason | None:
        """Return why a mutant survives: as the catalogue proves it, or as somebody has written it down."""
        if outcome.mutant.behind:
            return Reason(outcome.mutant.name, "masked", outcome.mutant.behind)
        return next((reason for reason in self.reasons if reason.covers(outcome.mutant)), None)

    @property
    def idle(self) -> list[Reason]:
        """The reasons for which there is no survivor any more."""
        alive = [each.mutant for each in self.made if not each.by and not each.mutant.behind]
        return [reason for reason in self.reasons if not any(reason.covers(mutant) for mutant in alive)]

    @property
    def of_access(self) -> Score:
        """The part that is about policies, grants, roles, triggers and with whose rights functions and views work."""
        return Score([each for each in self.outcomes if each.mutant.kind not in INSIDE], self.reasons)

    @property
    def of_all(self) -> float:
        """Per cent of all mutants that are caught."""
        return _percent(len(self.caught), len(self.made))

    @property
    def of_observable(self) -> float:
        """Per cent of the mutants that change what somebody can observe that are caught."""
        return _percent(len(self.caught), self.observable)

    @property
    def observable(self) -> int:
        """How many mutants change what somebody can observe."""
        return len(self.caught) + len(self.missed) + len(self.surviving("late")) + len(self.surviving("known"))


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


# --- what is told ----------------------------------------------------------------------------------------------------


def lines(score: Score) -> Iterator[str]:
    """Yield the figures as a Markdown table and lists: what the terminal shows and the page holds."""
    yield f"| kind | mutants | caught | first by | {' | '.join(SURVIVING)} | missed |"
    yield f"|---|--:|--:|---|{'--:|' * len(SURVIVING)}--:|"
    kinds = sorted({each.mutant.kind for each in score.made})
    survived = [Counter(each.mutant.kind for each, _ in score.surviving(kind)) for kind in SURVIVING]
    missed = Counter(each.mutant.kind for each in score.missed)
    for kind in kinds:
        made = [each for each in score.made if each.mutant.kind == kind]
        by = Counter(each.by for each in made if each.by)
        first = ", ".join(f"{name} {count}" for name, count in by.most_common(4)) + (" ..." if len(by) > 4 else "")
        counted = " | ".join(str(column[kind]) for column in (*survived, missed))
        yield f"| {kind} | {len(made)} | {by.total()} | {first} | {counted} |"
    totals = " | ".join(str(column.total()) for column in (*survived, missed))
    yield f"| **all** | {len(score.made)} | {len(score.caught)} | | {totals} |"
    yield ""
    access = score.of_access
    yield (
        f"Caught: {access.of_observable:.1f} % of the {access.observable} mutants of policies, grants, roles, triggers "
        "and of the rights of functions and views, as far as they change what somebody can observe; "
        f"{score.of_observable:.1f} % of {score.observable} with the constraints on data and the conditions inside "
        f"functions; {score.of_all:.1f} % of all {len(score.made)}."
    )


def lists(score: Score) -> Iterator[str]:
    """Yield the survivors by name with their reasons, and what is to be put right."""
    for kind, heading in SURVIVING.items():
        if found := score.surviving(kind):
            yield f"\n## {heading}\n"
            yield from _grouped(found)
    if score.missed:
        yield "\n## Missed\n"
        yield from (f"- `{_plain(each)}`{_told(each)}" for each in score.missed)


def _grouped(found: Iterable[tuple[Outcome, str]]) -> Iterator[str]:
    reasons: dict[str, list[Outcome]] = {}
    for outcome, why in found:
        reasons.setdefault(why, []).append(outcome)
    for why, those in sorted(reasons.items(), key=lambda each: _place(each[1][0])):
        yield f"- {why[:1].upper()}{why[1:].rstrip('.')}:"
        yield from (f"  - `{_plain(each)}`{_told(each)}" for each in those)


def _plain(outcome: Outcome) -> str:
    return safe(outcome.mutant.name).replace("`", "'")


def _told(outcome: Outcome) -> str:
    return f" (UNCHECKED: {', '.join(outcome.unchecked)})" if outcome.unchecked else ""


# --- schemas unlike the reference ------------------------------------------------------------------------------------


def foreign(task: Task, processes: int) -> dict[tuple[str, str], Score]:
    """Return the scores of the foreign schemas, by name, declared and as if nobody had declared anything.

    Nobody has written down why their mutants survive: those that change nothing count against the policies, too.
    """
    found = {}
    for folder in (SCHEMAS / name for name in FOREIGN):
        for declared in ("declared", "undeclared"):
            known = replace(
                task,
                choice=replace(task.choice, migrations=folder / "migrations", members=FOREIGN_MEMBERS),
                access=folder / ("access.toml" if declared == "declared" else "there is no such file"),
                settings=folder / "audit.toml",
            )
            found[folder.name, declared] = Score(shared(known, processes), [])
    return found


def lines_of_foreign(scores: Mapping[tuple[str, str], Score], every: int) -> Iterator[str]:
    """Yield the figures of the foreign schemas as a Markdown table."""
    yield "| schema | | mutants | caught | masked | surviving | of access | with what is inside |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for (name, declared), score in scores.items():
        masked = len(score.surviving("masked"))
        of_access, of_all = (f"{each.of_observable:.1f} %" for each in (score.of_access, score))
        yield (
            f"| {name} | {declared} | {len(score.made)} | {len(score.caught)} | {masked} | {len(score.missed)} "
            f"| {of_access} | {of_all} |"
        )
    yield ""
    yield f"One of {every} mutants of each schema; nobody has looked at its survivors, so that all count as missed."


PREFACE = """# Mutants

Written by `make mutants`; the reasons are in `tests/mutants.toml`.

A mutant is the reference database with one guard less. They are made from the catalogue, whatever the schema: each
policy dropped, widened to PUBLIC, to anon, to all commands, always true; each branch of an OR or an AND removed, and
others added; the caller compared with another column; row level security off; each privilege granted that nobody
has, and each revoked that somebody has, by table and by column; functions and views with other rights, for others,
without their search_path, without each condition and each exception; triggers, checks, keys and NOT NULLs gone; the
API's roles more powerful than they are. Each is made in a transaction, shown to the policies until one is VIOLATED
about something that was all right before (UNCHECKED does not count), and rolled back. The policies about speed,
maintenance, migrations, drift and the runbook are not asked.

What survives changes nothing for anybody (*equivalent*); or another layer refuses all that this one refused (*masked*:
nobody reaches more today, but a line of defence is lost and nothing says so); or a policy about the data finds it once
somebody has made use of it (*late*); or it is a hole in the policies, *known* or *missed*. Late, known and missed ones
count against the policies. At least 95 % are wanted of the guards of who may reach what: policies, grants, roles,
triggers, and with whose rights functions and views work. What the data themselves must be like, and what functions ask
before they do something, is counted apart.
"""


def page(score: Score, beside: Iterable[str] = ()) -> str:
    """Return docs/mutants.md; ``beside`` are the lines about the foreign schemas."""
    others = ["\n## Schemas unlike the reference\n", *beside] if beside else []
    return "\n".join([PREFACE, *lines(score), *others, *lists(score)]) + "\n"


def complaints(score: Score) -> list[str]:
    """Return what is to be put right in the file of reasons."""
    return [
        *(f"no reason: {_plain(each)}{_told(each)}" for each in score.missed),
        *(f"no survivor any more: {reason.name}" for reason in score.idle),
        *(f"no SQL: {_plain(each)}: {safe(each.refused)}" for each in score.refused),
    ]


def main() -> int:
    """Measure and print. Returns 0; 1 when fewer are caught than wanted, or reasons and survivors do not fit; 4."""
    parser = argparse.ArgumentParser(prog="make mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--migrations", type=Path, help="another schema's; its survivors are printed, not documented")
    parser.add_argument("--postgres-bin", type=Path)
    parser.add_argument("--members", type=int, default=Choice.members)
    parser.add_argument("--access", type=Path, default=ROOT / "schema" / "access.toml")
    parser.add_argument("--settings", type=Path, default=ROOT / "audit.toml")
    parser.add_argument("--reasons", type=Path, help="why mutants survive (default: tests/mutants.toml)")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="mutants whose 'kind: name' matches")
    parser.add_argument(
        "--foreign-every", type=int, default=12, metavar="N", help="one of N mutants of the foreign schemas (0: none)"
    )
    parser.add_argument("-n", type=int, default=min(2, os.cpu_count() or 1), help="processes (default 2)")
    given = parser.parse_args()
    reference = given.migrations is None or given.migrations.resolve() == MIGRATIONS
    choice = Choice(migrations=given.migrations, postgres_bin=given.postgres_bin, members=given.members)
    begun = time.monotonic()
    try:
        reasons = read_reasons(given.reasons or REASONS) if reference or given.reasons else []
        score = Score(shared(Task(choice, given.access, given.settings, given.only), max(1, given.n)), reasons)
    except (TargetError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    whole = given.only == "*"
    put_right = complaints(score) if whole else [each for each in complaints(score) if not each.startswith("no surv")]
    print("\n".join([*lines(score), "", *put_right]))
    beside: list[str] = []
    if reference and whole and given.foreign_every:
        others = Task(replace(choice, migrations=None), given.access, given.settings, every=given.foreign_every)
        beside = [*lines_of_foreign(foreign(others, max(1, given.n)), given.foreign_every)]
        print("\n".join(["", *beside]))
    print(f"{len(score.outcomes)} mutants in {time.monotonic() - begun:.0f} s")
    if reference and whole and given.postgres_bin is None:
        PAGE.write_text(page(score, beside), encoding="utf-8")
    return 0 if score.of_access.of_observable >= WANTED and not put_right else 1


if __name__ == "__main__":
    sys.exit(main())
