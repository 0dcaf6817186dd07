"""Alerts against a real mail server and a real web server: told once, told again when it failed, and nothing leaks."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from audit.connection import Dsn, connect
from audit.policy import Severity
from audit.results import UNREACHED, Verdict
from audit.server import embedded
from audit.server.target import Target
from fixtures.target import CHOICE
from reports import alerts
from reports.alerts import AlertError, Message, channels, compose, deliver, plain
from reports.history.store import Store
from reports.model import STOPPED
from tests.reports.test_history import DAY, HERE, HOLDS, UNCHECKED, expired, violated, waived
from tests.support.auditing import ROOT, Outcome, audit
from tests.support.samples import HOSTILE, NOON, finding, quiet, result

TOKEN = "s3cret-t0ken-of-the-channel"


class Web:
    """A web server that keeps what it was sent; ``answers`` says what it does with the next ones, and with the rest."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.attempts = 0
        self.answers: list[str] = []
        self.otherwise = "take"
        self.freed = threading.Event()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                web.attempts += 1
                answer = web.answers.pop(0) if web.answers else web.otherwise
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if answer == "hang":
                    web.freed.wait(30)
                    return
                if answer == "take":
                    web.received.append(json.loads(body))
                self.send_response(200 if answer == "take" else 503)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"json://user:{TOKEN}@127.0.0.1:{self.server.server_port}/{TOKEN}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.received]

    @property
    def bodies(self) -> list[str]:
        return [each["message"] for each in self.received]


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.freed.set()
    server.server.shutdown()
    server.server.server_close()


@contextmanager
def mail_server(codes: list[str]) -> Iterator[tuple[int, list[Any]]]:
    """A mail server: its port, and the messages that it took; the next ones are answered with ``codes``."""
    taken: list[Any] = []

    class Handler:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
            if codes:
                return codes.pop(0)
            taken.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 taken"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, taken
    finally:
        controller.stop()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "PAUSE_S", 0.01)
    monkeypatch.setattr(alerts, "LIMIT_S", 60.0)


def sent(text: str, *messages: Message) -> list[list[str]]:
    return [failed for _, failed in deliver(messages, channels(text, "a test"))]


P1 = Message(Severity.P1, "P1 database audit: 1 finding", "Two lines\nof text & <b>more</b>")


# --- Delivery


def test_a_mail_is_delivered() -> None:
    with mail_server([]) as (port, taken):
        url = f"mailto://127.0.0.1:{port}/?from=audit@example.org&to=dba@example.org&mode=insecure"
        assert sent(url, P1) == [[]]
    (mail,) = taken
    assert mail["subject"] == P1.title
    assert mail["to"] == "dba@example.org"
    assert "Two lines" in mail.as_string()


def test_a_mail_that_is_refused_the_first_time_is_sent_again() -> None:
    with mail_server(["451 later"]) as (port, taken):
        url = f"mailto://127.0.0.1:{port}/?from=audit@example.org&to=dba@example.org&mode=insecure"
        assert sent(url, P1) == [[]]
        assert len(taken) == 1


def test_a_web_server_that_fails_the_first_time_is_asked_again(web: Web) -> None:
    web.answers = ["fail", "fail"]
    assert sent(web.url, P1) == [[]]
    assert (web.attempts, web.titles) == (3, [P1.title])


def test_a_web_server_that_always_fails_is_told_by_number_and_kind(web: Web) -> None:
    web.otherwise = "fail"
    assert sent(web.url, P1) == [["channel 1 (JSON)"]]
    assert web.attempts == 3


def test_a_server_that_hangs_is_not_waited_for_and_not_asked_twice(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "LIMIT_S", 3.0)
    web.otherwise = "hang"
    assert sent(f"{web.url}?rto=600", P1) == [["channel 1 (JSON) within 3 s"]]
    assert web.attempts == 1 and not web.freed.is_set()


def test_nobody_listens() -> None:
    assert sent("json://127.0.0.1:1/", P1) == [["channel 1 (JSON)"]]


def test_alerts_go_where_their_severity_says(web: Web) -> None:
    text = f"# comments are fine\n\nP0, P1 = {web.url}\nP3={web.url}\n{web.url}"
    p0, p2, everybody = replace(P1, severity=Severity.P0), replace(P1, severity=Severity.P2), replace(P1, severity=None)
    for message, expected in ((p0, 2), (p2, 1), (everybody, 3)):
        web.received.clear()
        assert sent(text, message) == [[]]
        assert len(web.received) == expected
    # Where nobody is to hear of a severity, nothing counts as told.
    assert sent(f"P0={web.url}", p2) == []


def test_one_that_fails_does_not_keep_another_from_being_told(web: Web) -> None:
    assert sent(f"json://127.0.0.1:1/\n{web.url}", P1) == [["channel 1 (JSON)"]]
    assert web.titles == [P1.title]


def test_what_a_service_raises_is_a_failure(web: Web) -> None:
    (channel,) = channels(web.url, "a test")

    def burst(title: str, body: str) -> bool:
        raise RuntimeError(TOKEN)

    ((_, failed),) = deliver([P1], [replace(channel, send=burst)])
    assert failed == ["channel 1 (JSON)"]


@pytest.mark.parametrize("text", [f"nothing://{TOKEN}", f"json://\n{TOKEN}", f"P1={TOKEN}", "# nothing\n"])
def test_a_wrong_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(AlertError) as caught:
        channels(text, "the file")
    assert TOKEN not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_channel_does_not_show_its_url(web: Web) -> None:
    (channel,) = channels(web.url, "a test")
    assert TOKEN not in repr(channel)


# --- What is told


@pytest.fixture
def night(tmp_path) -> Callable[..., list[Message]]:
    """Record a run so many days after the first, and return what would be told of it; ``lost``: it is not delivered."""
    store = Store(tmp_path / "history.sqlite")

    def night(days: float, *results: Any, when: str = "new", lost: bool = False) -> list[Message]:
        run = store.record(HERE, replace(quiet(), started_at=NOON + days * DAY, results=results))
        messages = compose(run, HERE, *store.due(HERE), when)
        for message in () if lost else messages:
            store.told(HERE, message.findings, message.policies)
        return messages

    return night


def only(messages: list[Message]) -> str:
    (message,) = messages
    return f"{message.title}\n{message.body}"


def test_an_incident_is_told_once_and_when_it_is_over(night) -> None:
    told = only(night(0, violated("public.t")))
    assert told.startswith("P1 database audit: 1 finding\n")
    assert "- new: public.t" in told
    assert "the on-call database administrator, then the lead developer: begin diagnosis by 12:15 UTC" in told
    assert night(1, violated("public.t")) == []
    told = only(night(2, HOLDS))
    assert "1 no longer counted" in told and "Call" not in told
    assert "fixed: public.t, there from 2026-11-23 12:00 UTC to 2026-11-25 12:00 UTC" in told
    assert night(3, HOLDS) == []
    assert "- back again: public.t" in only(night(4, violated("public.t")))


def test_only_what_is_new_is_told(night) -> None:
    night(0, violated("a"))
    told = only(night(1, violated("a", "b")))
    assert "new: b" in told and ": a" not in told


def test_what_is_waived_is_not_told_and_its_end_is(night) -> None:
    assert night(0, waived("a")) == []
    told = only(night(1, expired("a")))
    assert "there since 2026-11-23 12:00 UTC: a" in told and "has passed" in told
    assert "waived from now on: a" in only(night(2, waived("a")))
    assert night(3, HOLDS) == []


def test_what_becomes_worse_is_told(night) -> None:
    night(0, violated("a"))
    assert only(night(1, violated("a", severity=Severity.P0))).startswith("P0 database audit: 1 finding")
    assert night(2, violated("a")) == []


def test_what_can_no_longer_be_checked_is_told_once_and_when_it_can(night) -> None:
    night(0, violated("a"))
    told = only(night(1, UNCHECKED))
    assert "1 policy unchecked" in told and "MSG-01: could not be checked: a lock" in told
    assert "fixed:" not in told
    assert night(2, UNCHECKED) == []
    assert "MSG-01: can be judged again" in only(night(3, violated("a")))


def test_what_was_not_delivered_is_told_by_the_next_run(night) -> None:
    night(0, violated("a"), lost=True)
    assert "there since 2026-11-23 12:00 UTC: a" in only(night(1, violated("a"), lost=True))
    # Nobody has ever heard of it, and it is over.
    assert "fixed: a" in only(night(2, HOLDS))
    assert night(3, HOLDS) == []


def test_a_failure_that_nobody_heard_of_is_told_although_the_policy_can_be_judged_again(night) -> None:
    night(0, UNCHECKED, lost=True)
    assert "can be judged again" in only(night(1, HOLDS))


def test_all_is_told_on_request(night) -> None:
    night(0, violated("a"))
    assert "there since" in only(night(1, violated("a"), when="violated"))
    assert night(2, HOLDS, when="violated") and night(3, HOLDS, when="violated") == []
    (message,) = night(4, HOLDS, when="always")
    assert message.severity is None and "Compliant" in message.body


def test_without_a_history_all_is_told() -> None:
    run = replace(quiet(), results=(violated("a"), waived("b"), result("MSG-02", Verdict.UNCHECKED, "P0", reason="x")))
    assert [message.severity for message in compose(run, HERE, (), ())] == [Severity.P0, Severity.P1]


def test_a_database_that_is_gone_is_one_alert_and_so_is_its_return(night) -> None:
    gone = [result(f"MSG-0{n}", Verdict.UNCHECKED, f"P{n}", reason=UNREACHED, findings=()) for n in range(4)]
    told = only(night(0, *gone))
    assert told.startswith("P0 database audit: the database cannot be reached, 4 policies unchecked\n")
    assert all(each.id in told for each in gone)
    assert night(1, *gone) == []
    told = only(night(2, *(result(each.id, Verdict.HOLDS, each.severity) for each in gone)))
    assert told.startswith("P0 database audit: the database can be reached again, 4 policies judged again\n")
    assert night(3, *(result(each.id, Verdict.HOLDS, each.severity) for each in gone)) == []


def test_a_run_that_was_stopped_is_one_alert(night) -> None:
    left = [result(f"MSG-0{n}", Verdict.UNCHECKED, f"P{n}", reason=STOPPED) for n in range(4)]
    assert only(night(0, *left)).startswith("P0 database audit: the audit was stopped, 4 policies unchecked\n")


def test_rights_that_nobody_gave_are_one_alert_for_the_day(night) -> None:
    grants = ("grant usage on schema apart to audit;", 'grant select on apart."Notes" to audit;')
    blind = [
        result(f"MSG-0{n}", Verdict.UNCHECKED, f"P{n}", reason="permission denied", grants=(grants[n % 2],))
        for n in range(4)
    ]
    told = only(night(0, *blind))
    assert told.startswith("P2 database audit: rights are missing, 4 policies unchecked\n")
    assert all(f"- {grant}" in told for grant in grants)
    broken = result("AUTH-01", Verdict.UNCHECKED, "P0", reason="a lock")
    assert [each.title for each in night(1, *blind, broken)] == ["P0 database audit: 1 policy unchecked"]


def test_a_moment_is_kept_whole(night) -> None:
    """What is cut off of it would be long ago."""
    part = dt.timedelta(microseconds=123_456) / DAY
    assert "- new: a" in only(night(0 + part, violated("a")))
    assert "fixed: a" in only(night(1 + part, HOLDS))
    assert "- back again: a" in only(night(2 + part, violated("a")))


def test_each_severity_has_its_message_and_people(night) -> None:
    p0, p3 = violated("a", severity=Severity.P0), result("MSG-02", Verdict.VIOLATED, "P3")
    p3 = replace(p3, findings=(finding("MSG-02", "b"),))
    messages = night(0, p3, p0)
    assert [message.severity for message in messages] == [Severity.P0, Severity.P3]
    assert "keep the platform owner informed" in messages[0].body
    assert "next maintenance window" in messages[1].body


@pytest.mark.parametrize("text", [*HOSTILE, "<!channel> @everyone", "[x](http://evil.example)", "`a` | b", "a\\b/c"])
def test_hostile_names_are_neutralised(text: str) -> None:
    run = replace(quiet(), results=(violated(text), result("MSG-02", Verdict.UNCHECKED, reason=text)))
    (message,) = compose(run, replace(HERE, place=text, database=text), (), ())
    told = message.title + message.body
    assert not set("<>@[]`|\\/#!&\x1b\r\t\u202e\u2066") & set(told)
    assert len(told) < 2_000
    assert "2026-11-01" not in told  # a detail of the finding


def test_names_stay_readable() -> None:
    for name in ("public.help_requests.helper_id", "stranger: select public.t", "f(uuid,text[])", 'public."Odd name"'):
        assert plain(name) == name.replace("[]", "??")


def test_very_many_findings_make_a_short_message() -> None:
    many = tuple(violated(*(f"o{n}" for n in range(500)), id=f"MSG-{number:02}") for number in range(60))
    many = tuple(replace(each, findings=tuple(replace(f, policy=each.id) for f in each.findings)) for each in many)
    (message,) = compose(replace(quiet(), results=many), HERE, (), ())
    assert "30,000 findings" in message.title
    assert "and 495 more" in message.body and "and 40 more policies" in message.body
    assert len(message.body) < 8_000


# --- Whole audits


@pytest.fixture(scope="module")
def production(target: Target) -> Dsn:
    return target.server.clone_database("alerts")


@pytest.fixture
def nightly(production: Dsn, tmp_path, web: Web) -> Callable[..., Outcome]:
    """Audit one policy of the live database, with a history and an alert file."""
    file = tmp_path / "alerts"
    file.touch(mode=0o600)
    file.write_text(web.url)

    def nightly(*options: str, target: str = str(production), **environment: str) -> Outcome:
        return audit(
            tmp_path / "out",
            f"--target={target}",
            "--no-shadow",
            f"--history={tmp_path / 'history.sqlite'}",
            *(() if any("alert-file" in o for o in options) else (f"--alert-file={file}",)),
            *(() if "-k" in options else ("-k", "foreign_key_has_an_index")),
            *options,
            **environment,
        )

    return nightly


def test_an_audit_tells_once_tries_again_and_says_what_was_not_delivered(nightly, production: Dsn, web: Web) -> None:
    outcome = nightly()
    assert (outcome.status, web.received) == (0, [])
    assert "alerts: channel 1 (JSON) for P0 P1 P2 P3" in outcome.said
    with connect(production) as connection:
        connection.execute("create table public.notes (id int primary key, author uuid references auth.users)")
        web.otherwise = "fail"
        lost = nightly()
        assert lost.status == 1 and web.attempts == 3
        (problem,) = lost.document["problems"]
        assert "was not delivered by channel 1 (JSON); the next run tells it again" in problem
        assert problem in lost.said and problem in (lost.folder / "audit.html").read_text()

        web.otherwise = "take"
        told = nightly()
        assert told.document["problems"] == []
        assert web.titles == ["P2 database audit: 1 finding"] and "notes" in web.bodies[0]
        nightly()
        assert len(web.received) == 1

        connection.execute("drop table public.notes")
        web.otherwise = "fail"
        over = nightly()
        # Nothing else is wrong: the exit status says that somebody does not know.
        assert (over.status, over.document["exit_status"]) == (3, 3)
        web.otherwise = "take"
        assert nightly().status == 0
    assert web.titles[1:] == ["P2 database audit: 1 no longer counted"]


def test_a_server_that_is_not_there_is_told(nightly, web: Web) -> None:
    outcome = nightly(target="postgresql://audit@127.0.0.1:1/production")
    assert outcome.status == 4
    (title,) = web.titles
    assert "the database cannot be reached, 1 policy unchecked" in title
    assert "PERF-04: could not be checked: cannot connect to 127.0.0.1:1, production: nothing answers" in web.bodies[0]
    nightly(target="postgresql://audit@127.0.0.1:1/production")
    assert len(web.received) == 1


@pytest.mark.parametrize(
    "action", ["os.kill(os.getpid(), signal.SIGTERM)", "os.kill(os.getpid(), signal.SIGINT)"], ids=["SIGTERM", "SIGINT"]
)
def test_an_audit_that_is_stopped_tells_what_it_knows(nightly, production: Dsn, web: Web, tmp_path, action) -> None:
    (tmp_path / "interference.py").write_text(
        "import os, signal\n\ndef pytest_runtest_setup(item):\n"
        f"    if 'PERF-05' in str(item.own_markers):\n        {action}\n"
    )
    with connect(production) as connection:
        connection.execute("create table public.notes (id int primary key, author uuid references auth.users)")
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        outcome = nightly("-p", "interference", "-k", "performance", PYTHONPATH=path)
        connection.execute("drop table public.notes")
    assert outcome.status == 2
    assert any("notes" in body and "PERF-04" in body for body in web.bodies)
    assert any("PERF-05" in body and "could not be checked" in body for body in web.bodies)


def test_a_server_that_is_killed_in_the_middle_is_told(nightly, web: Web, tmp_path, pytestconfig) -> None:
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as server:
        (tmp_path / "interference.py").write_text(
            "def pytest_runtest_setup(item):\n    if 'PERF-05' in str(item.own_markers):\n"
            f"        from tests.support.auditing import kill_tree\n\n        kill_tree({server.pid})\n"
        )
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        outcome = nightly("-p", "interference", "-k", "performance", target=str(server.dsn), PYTHONPATH=path)
    assert outcome.policies["PERF-05"]["verdict"] == "UNCHECKED"
    (past,) = Store(tmp_path / "history.sqlite").past()
    assert past.place.system and past.nights[0].counts[Verdict.UNCHECKED] >= 5
    assert any("PERF-05" in body and "could not be checked" in body for body in web.bodies)


def test_a_report_folder_that_is_full_keeps_nobody_from_being_told(nightly, production: Dsn, web: Web) -> None:
    """/dev/full takes the place of a report: it can be opened, and nothing can be written."""
    assert Path("/dev/full").is_char_device(), "somebody has replaced this machine's /dev/full"
    with connect(production) as connection:
        connection.execute("create table public.notes (id int primary key, author uuid references auth.users)")
        outcome = nightly("--html=/dev/full")
        connection.execute("drop table public.notes")
    assert outcome.status == 3
    assert "could not be written: No space left on device" in outcome.said
    # It is not a half page, to be removed: root could.
    assert Path("/dev/full").is_char_device()
    assert web.titles == ["P2 database audit: 1 finding"]


@pytest.mark.parametrize("mistake", ["missing", "open to all", "wrong"])
def test_a_mistake_in_the_alert_file_ends_the_run_at_once(nightly, tmp_path, mistake: str) -> None:
    file = tmp_path / "mistaken"
    if mistake != "missing":
        file.touch(mode=0o644 if mistake == "open to all" else 0o600)
        file.write_text(f"nothing://{TOKEN}")
    outcome = nightly(f"--alert-file={file}")
    assert outcome.status == 4
    assert TOKEN not in outcome.said
    assert {"missing": "cannot be read", "open to all": "chmod 600", "wrong": "no URL that apprise"}[
        mistake
    ] in outcome.said
