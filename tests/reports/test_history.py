"""The history: what is new, fixed or back again, and never fixed unless somebody looked; and its file in danger."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from audit.connection import Dsn, connect
from audit.evidence import safe
from audit.policy import Severity
from audit.question import Connection
from audit.results import Sizes, Verdict
from audit.server.target import Target
from audit.verbs import command
from reports.history import nights
from reports.history.changes import Condition
from reports.history.store import APPLICATION, VERSIONS, HistoryError, Store, Subject
from reports.model import Change, Run
from reports.renderers import html
from tests.support.auditing import ROOT, Outcome, audit
from tests.support.samples import HOSTILE, NOON, NOT_UTF8, finding, quiet, result, waiver
from tests.support.waiting import LIMIT_S

HERE = Subject("7300000000000000001", "postgres", "db.example.org:5432, postgres")
DAY = dt.timedelta(days=1)

HOLDS = result("MSG-01", Verdict.HOLDS)
UNCHECKED = result("MSG-01", Verdict.UNCHECKED, reason="a lock")
ABSENT = result("MSG-01", Verdict.NOT_APPLICABLE, reason="no conversations")


def violated(*objects, **changes):
    return result("MSG-01", Verdict.VIOLATED, findings=tuple(finding("MSG-01", o) for o in objects), **changes)


def waived(obj):
    accepted = finding("MSG-01", obj, waiver=waiver("MSG-01", obj))
    return result("MSG-01", Verdict.WAIVED, findings=(accepted,))


def expired(obj):
    counts = finding("MSG-01", obj, waiver=waiver("MSG-01", obj), waiver_expired=True)
    return result("MSG-01", Verdict.VIOLATED, findings=(counts,))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "history.sqlite")


@pytest.fixture
def night(store) -> Callable[..., Run]:
    """Record a run so many days after the first, with these results."""

    def night(days, *results, **changes):
        return store.record(HERE, replace(quiet(), started_at=NOON + days * DAY, results=results, **changes))

    return night


def told(run):
    """What a run says of its changes: kind, object and since how many days after the first."""
    return {(event.change, event.object, (event.since - NOON) // DAY) for event in run.changes.events}


def since(run):
    return {f.object: (f.since - NOON) // DAY for each in run.results for f in each.findings}


# --- What is told


def test_five_nights_of_a_finding(night):
    first = night(0, violated("a"))
    assert first.changes.previous is None
    assert told(first) == {(Change.NEW, "a", 0)}
    second = night(1, waived("a"))
    assert second.changes.previous == NOON
    assert told(second) == {(Change.WAIVED, "a", 0)}
    third = night(2, expired("a"))
    assert told(third) == {(Change.COUNTS_AGAIN, "a", 0)}
    assert since(third) == {"a": 0}
    fourth = night(3, HOLDS)
    assert told(fourth) == {(Change.FIXED, "a", 0)}
    fifth = night(4, violated("a"))
    assert told(fifth) == {(Change.BACK, "a", 4)}
    assert since(fifth) == {"a": 4}
    assert night(5, violated("a")).changes.events == ()


@pytest.mark.parametrize("blind", [(UNCHECKED,), (ABSENT,), ()], ids=["unchecked", "not applicable", "not selected"])
def test_what_nobody_looked_at_is_not_fixed(night, blind):
    night(0, violated("a"))
    assert told(night(1, *blind)) == {(Change.UNJUDGED, "a", 0)}
    again = night(2, violated("a"))
    assert told(again) == set()
    assert since(again) == {"a": 0}
    night(3, *blind)
    assert told(night(4, HOLDS)) == {(Change.FIXED, "a", 0)}


def test_what_a_later_assertion_would_have_found_is_not_fixed(night):
    night(0, violated("a"))
    assert told(night(1, violated("b", partial=True))) == {(Change.NEW, "b", 1), (Change.UNJUDGED, "a", 0)}
    assert told(night(2, violated("b"))) == {(Change.FIXED, "a", 0)}


def test_a_run_that_ended_early_fixes_nothing(night):
    night(0, violated("a"))
    assert told(night(1, UNCHECKED, ended_by=2)) == {(Change.UNJUDGED, "a", 0)}


def test_a_waived_finding_is_new_and_fixed_like_others(night):
    assert told(night(0, waived("a"))) == {(Change.NEW, "a", 0)}
    assert told(night(1, HOLDS)) == {(Change.FIXED, "a", 0)}
    assert told(night(2, waived("a"))) == {(Change.BACK, "a", 2)}


def test_another_severity_is_the_same_finding(night):
    night(0, violated("a"))
    run = night(1, violated("a", severity=Severity.P0))
    assert told(run) == set()
    assert since(run) == {"a": 0}


def test_the_clock_counts_from_the_first_time(night):
    night(0, violated("a"))
    page = html.render(night(1, violated("a", "b")))
    assert "since 2026-11-23 12:00 UTC, for 24 hours" in page
    assert "begin diagnosis by 2026-11-23 12:15 UTC (has passed)" in page
    assert "have it fixed or worked around by 2026-11-23 13:00 UTC (has passed)" in page


# --- Which database it is about


def test_two_databases_of_one_server_are_two(store):
    run = replace(quiet(), results=(violated("a"),))
    store.record(HERE, run)
    assert store.record(replace(HERE, database="other"), run).changes.previous is None
    assert len(store.past()) == 2


def test_a_server_that_moved_is_the_same(store):
    run = replace(quiet(), results=(violated("a"),))
    store.record(HERE, run)
    moved = store.record(replace(HERE, place="elsewhere:5432, postgres"), replace(run, started_at=NOON + DAY))
    assert moved.changes.previous == NOON


def test_a_server_that_is_not_reached_is_the_one_last_found_there(store):
    run = replace(quiet(), results=(violated("a"),))
    nowhere = Subject(None, "", HERE.place)
    store.record(nowhere, replace(run, results=(UNCHECKED,)))
    store.record(HERE, replace(run, started_at=NOON + DAY))
    lost = store.record(nowhere, replace(run, started_at=NOON + 2 * DAY, results=(UNCHECKED,)))
    assert told(lost) == {(Change.UNJUDGED, "a", 1)}
    (past,) = store.past()
    assert past.place == HERE
    # Another server at the same address is another one.
    assert store.record(replace(HERE, system="7300000000000000002"), run).changes.previous is None


# --- The file


def test_old_runs_are_thinned_and_since_when_is_not_forgotten(store, night):
    for day in range(120):
        night(day, violated("a"))
    (past,) = store.past()
    days = [(each.started_at - NOON) // DAY for each in past.nights]
    assert days[-31:] == [*range(89, 120)]
    assert 12 <= len(days[:-31]) <= 14
    assert all(6 <= b - a <= 7 or b >= 85 for a, b in pairwise(days))
    assert since(night(120, violated("a"))) == {"a": 0}


def test_a_clock_that_goes_wrong_once_costs_no_history(store, night):
    for day in (0, 1, 2, 40):
        night(day, violated("a"))
    wrong = night(20_000, violated("a"))
    assert (wrong.changes.previous - NOON) // DAY == 40
    right = night(41, violated("a"))
    assert (right.changes.previous - NOON) // DAY == 40
    (past,) = store.past()
    assert [(each.started_at - NOON) // DAY for each in past.nights] == [0, 40, 41, 20_000]


def test_of_a_week_the_run_in_which_most_was_asked_is_kept(store, night):
    """A week of the history begins at the first NOON."""
    for day in range(7):
        asked = [HOLDS, result("MSG-02", Verdict.HOLDS)] if day in (3, 5) else [HOLDS]
        night(day, *asked)
    for day in (60, 61):  # one clock alone costs no history
        night(day, HOLDS)
    (past,) = store.past()
    assert [(each.started_at - NOON) // DAY for each in past.nights] == [3, 60, 61]


def test_a_run_is_written_whole_or_not_at_all(store, tmp_path):
    """Killed at every single statement of the recording, one after the other."""
    store.record(HERE, replace(quiet(), results=(violated("a"),)))
    killed = 0
    for statement in range(1, 100):
        if _record_and_die(store, statement) != -signal.SIGKILL:
            break
        killed += 1
        (past,) = store.past()
        assert len(past.nights) == 1
        assert [(known.object, known.state) for known in past.findings] == [("a", Condition.VIOLATED)]
    assert killed > 10
    (past,) = store.past()
    assert len(past.nights) == 2
    assert {known.object: known.state for known in past.findings} == {"a": Condition.FIXED, "b": Condition.VIOLATED}


DIE = """
import datetime as dt, os, signal, sqlite3, sys
from dataclasses import replace
from pathlib import Path
from reports.history.store import Store
from tests.support.samples import quiet
from tests.reports.test_history import DAY, HERE, NOON, violated

left = int(sys.argv[2])

def dying(*arguments, **options):
    connection = sqlite3_connect(*arguments, **options)

    def count(_):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    connection.set_trace_callback(count)
    connection.execute("pragma cache_size = 1")  # so that pages reach the disk before the end
    return connection

sqlite3_connect, sqlite3.connect = sqlite3.connect, dying
Store(Path(sys.argv[1])).record(HERE, replace(quiet(), started_at=NOON + DAY, results=(violated("b"),)))
"""


def _record_and_die(store, statement):
    command = [sys.executable, "-c", DIE, str(store.path), str(statement)]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=LIMIT_S).returncode


CRAMPED = """
import resource, sys
from dataclasses import replace
from pathlib import Path
from reports.history.store import HistoryError, Store
from tests.support.samples import quiet
from tests.reports.test_history import DAY, HERE, NOON, violated

size = Path(sys.argv[1]).stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    many = violated(*map(str, range(2000)))
    Store(Path(sys.argv[1])).record(HERE, replace(quiet(), started_at=NOON + DAY, results=(many,)))
except HistoryError as error:
    print(error)
"""


def test_where_there_is_no_room_the_history_stays_as_it_was(store):
    """A limit on the size of files takes the place of a full disk."""
    store.record(HERE, replace(quiet(), results=(violated("a"),)))
    command = [sys.executable, "-c", CRAMPED, str(store.path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=LIMIT_S)
    assert "the history cannot be used just now" in done.stdout
    (past,) = store.past()
    assert (len(past.nights), [known.object for known in past.findings]) == (1, ["a"])


TOGETHER = """
import datetime as dt, sys
from dataclasses import replace
from pathlib import Path
from reports.history.store import Store
from tests.support.samples import quiet
from tests.reports.test_history import DAY, HERE, NOON, violated

for number in range(5):
    mine = f"{sys.argv[2]}-{number}"
    Store(Path(sys.argv[1])).record(HERE, replace(quiet(), started_at=NOON + number * DAY, results=(violated(mine),)))
"""


def test_several_runs_write_at_once(store):
    commands = [[sys.executable, "-c", TOGETHER, str(store.path), str(who)] for who in range(4)]
    running = [subprocess.Popen(command, cwd=ROOT) for command in commands]
    assert [each.wait(timeout=LIMIT_S) for each in running] == [0, 0, 0, 0]
    (past,) = store.past()
    assert len(past.nights) == 20
    assert {known.object for known in past.findings} == {f"{who}-{number}" for who in range(4) for number in range(5)}
    assert sum(known.open for known in past.findings) == 1


def test_a_file_of_version_1_is_brought_up_to_date(store):
    with sqlite3.connect(store.path) as connection:
        connection.executescript(VERSIONS[0])
        connection.executescript(f"""
            pragma application_id = {APPLICATION};
            pragma user_version = 1;
            insert into target values (1, '{HERE.system}', 'postgres', 'somewhere');
            insert into run values (1, 1, '2026-11-20T09:00:00.000+00:00', 9.5, '17.2', 1, 1, 40, 60, 1, 0, 0, 9);
            insert into finding values
                (1, 1, 'MSG-01', 'a', 'P1', 'violated', '2026-11-19T09:00:00.000+00:00',
                 '2026-11-19T09:00:00.000+00:00', '2026-11-20T09:00:00.000+00:00', null);
        """)
    connection.close()
    run = store.record(HERE, replace(quiet(), results=(violated("a", "b"),)))
    assert run.changes.previous == dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
    assert {event.object for event in run.changes.events} == {"b"}
    assert {f.object: f.since.day for f in run.results[0].findings} == {"a": 19, "b": 23}
    (past,) = store.past()
    assert [each.counts[Verdict.HOLDS] for each in past.nights] == [60, 0]


def test_a_file_of_a_newer_version_is_left_alone(store):
    store.record(HERE, quiet())
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"pragma user_version = {len(VERSIONS) + 1}")
    connection.close()
    before = store.path.read_bytes()
    with pytest.raises(HistoryError, match="newer version of the audit"):
        store.record(HERE, quiet())
    assert store.path.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(store):
    with sqlite3.connect(store.path) as connection:
        connection.execute("create table bookmarks (url text)")
    connection.close()
    before = store.path.read_bytes()
    with pytest.raises(HistoryError, match="another program"):
        store.record(HERE, quiet())
    assert store.path.read_bytes() == before


def damaged(path, how):
    """Damage a history with some runs in it: cut it, or write over its middle, or over all of it."""
    for day in range(40):
        Store(path).record(
            HERE, replace(quiet(), started_at=NOON + day * DAY, results=(violated(*map(str, range(40))),))
        )
    content = path.read_bytes()
    half = len(content) // 2
    path.write_bytes(
        {"cut": content[: half + 100], "middle": content[:half] + b"\xff" * 5000 + content[half + 5000 :]}.get(
            how, b"not a database at all, and long enough to be read as one" * 100
        )
    )


@pytest.mark.parametrize("how", ["cut", "middle", "all"])
def test_a_damaged_file_is_said_to_be(store, how):
    damaged(store.path, how)
    with pytest.raises(HistoryError, match=r"history\.sqlite: the history is damaged \(.*move the file away"):
        store.record(HERE, quiet())


def test_a_file_that_cannot_be_opened_is_said_to_be(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot be kept there"):
        Store(tmp_path / "file" / "history.sqlite").record(HERE, quiet())
    with pytest.raises(HistoryError, match="cannot be used just now"):
        Store(tmp_path).record(HERE, quiet())


def test_sizes_are_kept_and_the_right_ones_found(store):
    for day in (0, 3, 6, 9):
        at = NOON + day * DAY
        store.record(HERE, replace(quiet(), started_at=at), Sizes(at, {"public.messages": 1000 + day}))
    store.record(HERE, replace(quiet(), started_at=NOON + 12 * DAY))
    found = {
        day: store.earlier(HERE, NOON + day * DAY).bytes["public.messages"] - 1000 for day in (-1, 0, 2, 3, 7, 12, 99)
    }
    assert found == {-1: 0, 0: 0, 2: 0, 3: 3, 7: 6, 12: 9, 99: 9}
    assert store.earlier(replace(HERE, database="other"), NOON) is None


# --- The page


def test_the_page_and_the_text_are_safe(store):
    for day, place in enumerate(HOSTILE):
        # Nothing in a database is called so, and the names of files are made safe.
        text = safe(place) if place == NOT_UTF8 else place
        store.record(
            replace(HERE, place=place),
            replace(quiet(), started_at=NOON + day * DAY, results=(violated(text), waived(f"{text}!"))),
        )
    page, text = nights.page(store.past()), nights.text(store.past())
    assert "<script" not in page and "<img" not in page and page.count("href=") == 1  # the icon, which is none
    for words in (page, text):
        assert "\x1b" not in words and "\u202e" not in words
    assert page.count("<rect") == 2 * len(HOSTILE)


def test_the_history_is_printed_and_its_page_written(store, tmp_path):
    store.record(HERE, replace(quiet(), results=(violated("public.t"),)))
    command = [
        sys.executable,
        "-m",
        "reports.history",
        f"--history={store.path}",
        f"--report-dir={tmp_path / 'out'}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "P1 MSG-01 public.t: since 2026-11-23 12:00 UTC" in done.stdout
    assert "public.t" in (tmp_path / "out" / "history.html").read_text()


def test_without_a_history_one_sentence_says_so(tmp_path):
    command = [sys.executable, "-m", "reports.history", f"--history={tmp_path / 'none.sqlite'}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1 and "there is no history yet" in done.stderr
    assert not (tmp_path / "none.sqlite").exists()


# --- Whole audits


@pytest.fixture(scope="module")
def production(target: Target) -> Dsn:
    return target.server.clone_database("nights")


@pytest.fixture
def administrator(production: Dsn) -> Connection:
    with connect(production) as connection:
        yield connection


@pytest.fixture
def nightly(production: Dsn, tmp_path) -> Callable[..., Outcome]:
    """Audit one policy of the live database, with a history and these waivers."""

    def nightly(*options, expires=None):
        waivers = tmp_path / "waivers.toml"
        waivers.write_text(
            f'[[waiver]]\npolicy = "PERF-04"\nobject = "*"\nreason = "soon"\nowner = "we"\nexpires = {expires}\n'
            if expires
            else ""
        )
        selected = () if "-k" in options else ("-k", "foreign_key_has_an_index")
        return audit(
            tmp_path / "out",
            f"--target={production}",
            "--no-shadow",
            f"--history={tmp_path / 'history.sqlite'}",
            f"--waivers={waivers}",
            *selected,
            *options,
        )

    return nightly


def test_a_finding_is_told_rightly_at_each_of_five_nights(nightly, administrator):
    """It appears, is waived, its waiver expires, it is fixed, and it comes back."""
    today = dt.datetime.now(dt.UTC).date()
    assert nightly().status == 0
    administrator.execute("create table public.notes (id int primary key, author uuid references auth.users)")

    first = nightly()
    assert first.status == 1 and first.having("VIOLATED") == {"PERF-04"}
    (appeared,) = first.document["changes"]["events"]
    assert appeared["change"] == "new" and "notes" in appeared["object"]
    assert f"new: P2 PERF-04 {appeared['object']}" in first.said

    second = nightly(expires=today)
    assert second.status == 0 and second.having("WAIVED") == {"PERF-04"}
    assert second.document["changes"]["events"] == [appeared | {"change": "waived from now on"}]

    third = nightly(expires=today - DAY)
    assert third.status == 1 and third.having("VIOLATED") == {"PERF-04"}
    assert third.document["changes"]["events"] == [appeared | {"change": "no longer waived"}]
    assert third.policies["PERF-04"]["findings"][0]["since"] == appeared["since"]

    administrator.execute("create index on public.notes (author)")
    fourth = nightly()
    assert fourth.status == 0 and fourth.having("HOLDS") == {"PERF-04"}
    assert fourth.document["changes"]["events"] == [appeared | {"change": "fixed"}]
    assert f"fixed: P2 PERF-04 {appeared['object']}" in fourth.said

    administrator.execute("drop index public.notes_author_idx")
    fifth = nightly()
    (back,) = fifth.document["changes"]["events"]
    assert fifth.status == 1
    assert back == appeared | {"change": "back again", "since": fifth.document["started_at"]}
    assert "Since the run of" in (fifth.folder / "audit.html").read_text()

    # Another policy alone: nobody looked, and nothing is fixed.
    sixth = nightly("-k", "primary_key")
    assert sixth.document["changes"]["events"] == [back | {"change": "no longer judged"}]
    administrator.execute("drop table public.notes")


def test_an_incident_shows_one_severity_and_its_clock(nightly, administrator):
    """As make incident does, the second time: the limits count from the first."""
    assert "--severity=P0" in command("incident", {"SEVERITY": "P0"})
    administrator.execute("create table public.open (id int primary key); grant select on public.open to anon")
    selection = ("-m", "policy(severity='P0')", "-k", "RLS or row_level")
    nightly(*selection)
    outcome = nightly(*selection)
    administrator.execute("drop table public.open")
    assert outcome.status == 1
    assert {policy["severity"] for policy in outcome.policies.values()} == {"P0"}
    (found,) = outcome.policies["RLS-01"]["findings"]
    since = dt.datetime.fromisoformat(found["since"])
    diagnosis = since + dt.timedelta(minutes=15)
    assert f"there since {since:%Y-%m-%d %H:%M} UTC, for " in outcome.said
    assert f"begin diagnosis by {diagnosis:%H:%M} UTC" in outcome.said


def test_a_damaged_history_loses_no_audit(nightly, tmp_path):
    damaged(tmp_path / "history.sqlite", "middle")
    before = (tmp_path / "history.sqlite").read_bytes()
    outcome = nightly()
    assert outcome.status == 3
    assert outcome.document["exit_status"] == 3
    assert outcome.having("HOLDS") == {"PERF-04"}
    assert outcome.said.count("the history is damaged") == 1
    assert len(outcome.document["problems"]) == 1
    assert "the history is damaged" in (outcome.folder / "audit.html").read_text()
    assert (tmp_path / "history.sqlite").read_bytes() == before


def test_a_disposable_target_keeps_no_history_unless_asked(tmp_path):
    given = tmp_path / "history.sqlite"
    options = ("-k", "primary_key", "--members=0")
    for expected in (None, "previous"):
        outcome = audit(tmp_path / "out", *options, f"--history={given}")
        assert bool(outcome.document["changes"]["previous"]) is bool(expected)
    assert audit(tmp_path / "out", *options).document["changes"] is None
    contradiction = audit(tmp_path / "out", *options, f"--history={given}", "--no-history")
    assert contradiction.status == 4 and "contradict" in contradiction.said


def test_an_interrupted_audit_is_in_the_history(tmp_path, production):
    """And what it never came to is not fixed."""
    (tmp_path / "interference.py").write_text(
        "import os, signal\n\ndef pytest_runtest_setup(item):\n"
        "    if 'PERF-05' in str(item.own_markers):\n        os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    options = (f"--target={production}", "--no-shadow", f"--history={tmp_path / 'history.sqlite'}", "-k", "performance")
    outcome = audit(tmp_path / "out", "-p", "interference", *options, PYTHONPATH=path)
    assert outcome.status == 2
    (past,) = Store(tmp_path / "history.sqlite").past()
    assert [(each.complete, each.exit_status) for each in past.nights] == [(False, 2)]
    assert past.nights[0].counts[Verdict.UNCHECKED] >= 5
