"""Runs made by hand, with names as hostile as a database allows."""

import datetime as dt
import itertools

from audit.access.matrix import SHAPES
from audit.access.results import API_ACTORS, Cell, Judged, Judgement
from audit.evidence import Location, Population, Row
from audit.gate.results import Change as Change_
from audit.gate.results import Difference, Hazards, Lock, Moved, Reached, Rehearsal, Rehearsed, Step
from audit.policy import Severity
from audit.results import Cost, Login, Migration, Verdict
from audit.runbook.results import Doubt, Outline, Remark, Told
from reports.escalation import RUNBOOK
from reports.model import Change, Changes, Event, Finding, Result, Run, TargetFacts, Waiver

MARKUP = '"><img src=x onerror=alert(1)>'
SCRIPT = "</script><script>alert(1)</script>"
TEMPLATE = "{{ 7 * 7 }}{% raw %}{object}%s"
ESCAPES = "\x1b[31mred\x1b[0m\x1b]0;title\x07\r\x08\x9b2J"
DIRECTION = "\u202eevas\u2066\u200f"
LINES = "one\ntwo\r\n\tthree"
LONG = "x" * 5_000
NOT_UTF8 = "\udcff.sql"
ODD = "\ufffe\uffff\U0001f600 ]]> &amp; ' ` \\n \\"
MARKDOWN = (
    "`a` ``b`` @team #123 [c](x:y) ![d](z) https://evil.example www.evil.example | e | **f** </details>\n```\n# @g"
)
TICKS = "`" * 70
HOSTILE = (MARKUP, SCRIPT, TEMPLATE, ESCAPES, DIRECTION, LINES, LONG, ODD, MARKDOWN, TICKS, NOT_UTF8)

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
TODAY = NOON.date()
COST = Cost(120, 3, 812.5, 401.25, 5000, 34, ("AccessShareLock",), 0, 2, None, None, None, "a pooler is in between")
TARGET = TargetFacts("embedded", "18.6", "postgres", "supabase_admin")


def waiver(policy, obj, expires=TODAY, line=4):
    return Waiver(policy, obj, f"known {MARKUP}", f"owner {SCRIPT}", expires, line)


def result(id_, verdict, severity="P1", **changes):
    facts = {
        "id": id_,
        "name": f"test_{id_.lower().replace('-', '_')}",
        "severity": Severity(severity),
        "title": f"What {id_} says is true",
        "explanation": "Why it matters.\n\nA second paragraph.",
        "runbook": "4. Messaging",
        "verdict": verdict,
        "population": Population(1204, "auth.users"),
        "duration_ms": 12.3456,
    }
    return Result(**facts | changes)


def finding(policy, obj, **changes):
    return Finding(policy, obj, **{"details": {"since": "2026-11-01"}, "fix": f"-- mend\nselect '{obj}'"} | changes)


def judgement(*tables, leaks=(), **changes):
    """A matrix in which everybody reaches nothing, alice her own rows, and ``leaks`` are as they are given."""
    cells = {}
    for relation, actor, shape in itertools.product(tables, API_ACTORS, SHAPES):
        own = {"declared": ("own",), "reached": 3} if actor == "alice" else {"refused_by": "row level security"}
        cells[actor, relation, shape] = Judged(actor, relation, shape, Cell.OK, rows=40, **own)
    cells |= {(cell.actor, cell.relation, cell.shape): cell for cell in leaks}
    return Judgement(tuple(cells.values()), **changes)


def every_state(text):
    """A matrix with one square of each kind."""
    odd = [
        Judged("anon", text, "select", Cell.LEAK, rows=40, reached=40, leaked=38, policies=(text,), declared=(text,)),
        Judged(
            "nobody", text, "update blind", Cell.LEAK, rows=40, reached=2, leaked=2, note="row level security is off"
        ),
        Judged("guest", text, f"select column {text} of", Cell.LEAK, rows=40, reached=3, leaked=3, note="by grant"),
        Judged("pending", text, "select", Cell.LOCKOUT, rows=40, missing=7, refused_by="grant", declared=("own",)),
        Judged("rejected", text, "select", Cell.BROKEN, rows=40, note=text),
        Judged("bob", text, "select", Cell.UNCHECKED, note=text),
        Judged("stranger", text, "select", Cell.UNDECLARED, rows=40, reached=40),
        Judged("admin", text, "insert", Cell.MASKED, rows=9, refused_by="trigger"),
        Judged("admin", text, "delete", Cell.VACUOUS),
    ]
    return judgement(text, "public.calm", leaks=odd, doubts=(text,), undeclared=(text,), misfits=(text,))


def rehearsed(text):
    """One new migration that does a bit of everything."""
    step = Step(
        3,
        ("alter", "table", text),
        taken=(Lock(text, "ACCESS EXCLUSIVE", "reads and writes"),),
        rewritten=(text,),
        moved={text: Moved(1, 2, 3, 4, 5)},
        catalogue=(Change_("changed", "table", text, text),),
        error=text,
    )
    hazards = Hazards(remarks=[text], slow_lines={3})
    hazards.losses.append(Row(text))
    hazards.waits.append(Row(text))
    difference = Difference("MSG-01", text, "P0", "HOLDS", "UNCHECKED", text, {text: text}, (text,))
    reached = Reached(f"anon: select {text}", "none", "all", wider=True, undeclared=True)
    migration = Migration(text, False, text, 7, "42P01")
    file = Rehearsed(text, migration, (step,), hazards, (Row(text),), (difference,), (reached,))
    return Rehearsal(text, (file,), (), altered=(text,))


def outline(text):
    """A runbook with a broken block and one that could not be judged."""
    remark = Remark("RUN-02", 4, text, text, text, text, 1)
    broken = Told(1, 3, "sql", (text, text), 1, (remark,), covered=("MSG-01",))
    doubtful = Told(2, 9, "sql", (text,), 1, doubts=(Doubt("RUN-02", 9, text, text),))
    return Outline(text, (broken, doubtful), (), {"RUN-02": 2})


def hostile(text):
    """One run in which ``text`` stands wherever a database, a migration or a waiver can put it."""
    many = tuple(finding("MSG-01", f"{number} {text}", details={text: text, "n": number}) for number in range(120))
    accepted = waiver("MSG-02", text)
    old = waiver("MSG-05", text, TODAY - dt.timedelta(days=1))
    return Run(
        started_at=NOON,
        duration_s=1.5,
        target=TargetFacts("live", text, text, text),
        results=(
            result("MSG-01", Verdict.VIOLATED, "P0", reason=text, population=Population(1204, text), findings=many),
            result("MSG-02", Verdict.WAIVED, findings=(finding("MSG-02", text, waiver=accepted),)),
            result("MSG-03", Verdict.UNCHECKED, reason=text, remedy=text, grants=(text,), population=None),
            result("MSG-04", Verdict.NOT_APPLICABLE, "P3", reason=text),
            result(
                "MSG-05",
                Verdict.VIOLATED,
                findings=(
                    finding("MSG-05", text, waiver=old, waiver_expired=True, location=Location(f"{text}.sql", 7)),
                ),
            ),
            result("MSG-06", Verdict.HOLDS, "P2", population=Population(3, text, estimated=True)),
        ),
        migrations=(Migration("1_good.sql", True), Migration(text, False, text, 7, "42P01")),
        unused_waivers=(waiver("MSG-06", text),),
        notes=(text,),
        matrix=every_state(text),
        login=Login(text, (text,)),
        cost=COST,
        changes=Changes(
            NOON - dt.timedelta(days=1),
            tuple(Event(change, "MSG-01", text, Severity.P0, NOON - dt.timedelta(days=2)) for change in Change),
        ),
        problems=(text,),
        gate=rehearsed(text),
        runbook=outline(text),
        escalation=RUNBOOK,
    )


def quiet(*verdicts, **changes):
    """A run with one P1 policy for each verdict."""
    results = tuple(result(f"MSG-{number:02}", verdict) for number, verdict in enumerate(verdicts, 1))
    return Run(
        **{"started_at": NOON, "duration_s": 0.5, "target": TARGET, "results": results, "escalation": RUNBOOK} | changes
    )
