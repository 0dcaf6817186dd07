"""Alerts: who hears of what has become worse, and that it is over; through the library apprise.

Where alerts go is a secret: it is read from the environment or a file, and is neither printed nor stored; a channel is
told by its number and kind. What is to be told stands in the history before it is sent, and is crossed off when every
channel of its severity has taken it: what could not be delivered is told by the next run.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import re
import stat
import threading
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from audit.evidence import safe
from audit.facts import facts_of
from audit.house import extra
from audit.policy import Severity
from audit.results import UNREACHED, Verdict
from reports import folder, wording
from reports.history.changes import Condition, Known, Unjudged
from reports.history.history import place as place_of
from reports.history.store import STORE_KEY, HistoryError, Subject
from reports.model import STOPPED, Result, Run

VARIABLE = "AUDIT_ALERT_URLS"
ATTEMPTS = 3
PAUSE_S = 2.0
LIMIT_S = 20.0  # for one attempt; what gives no answer by then is not asked again

MAX_POLICIES = 20
MAX_OBJECTS = 5
MAX_OBJECT = 150
MAX_GRANTS = 40

LINE = re.compile(r"(?:(?P<severities>P[0-3](?:\s*,\s*P[0-3])*)\s*=\s*)?(?P<url>\S.*)")

# In names from the audited database: everything by which a chat or mail program could be made to show a link, call
# people or change its look.
MARKUP = re.compile(r"[^\w .,:;()='\"+*-]")


@dataclass(frozen=True)
class Channel:
    """One place that alerts go to. ``name`` is its number and kind; ``send`` takes title and body, True: delivered."""

    name: str
    severities: frozenset[Severity]
    send: Callable[[str, str], bool] = field(repr=False)


@dataclass(frozen=True)
class Message:
    """One alert: for which severity (None: for everybody), and which findings and policies it tells of."""

    severity: Severity | None
    title: str
    body: str
    findings: tuple[Known, ...] = ()
    policies: tuple[Unjudged, ...] = ()


class AlertError(ValueError):
    """The channels cannot be used; the message is one sentence and holds nothing of a URL."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--alert-file`` and ``--alert-on``."""
    group = parser.getgroup("audit", "database audit")
    group.addoption("--alert-file", metavar="FILE", help=f"where alerts go, a URL a line; also {VARIABLE}")
    group.addoption(
        "--alert-on",
        choices=("new", "violated", "always"),
        default="new",
        help="new (default): what is new, worse, or over; violated: in every run all that is there; always: every run",
    )


CHANNELS_KEY = pytest.StashKey[Sequence[Channel]]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read where alerts go before any database is touched. Raises pytest.UsageError when that cannot be used."""
    config.stash[CHANNELS_KEY] = ()
    # Taken out of the environment: no program that the audit starts has any use for it.
    text = os.environ.pop(VARIABLE, "")
    given: str | None = config.getoption("alert_file")
    if not folder.is_audit(config):
        return
    try:
        config.stash[CHANNELS_KEY] = configured(given, text, config.invocation_params.dir)
    except AlertError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say where alerts go, by number and kind, and for which severities nobody hears of anything."""
    known: Sequence[Channel] = config.stash[CHANNELS_KEY]
    return f"alerts: {described(known)}" if known else None


def configured(given: str | None, text: str, here: Path) -> Sequence[Channel]:
    """Return the channels of a file, else of what the environment says; none where neither is there.

    Raises AlertError.
    """
    if given:
        return channels(_read(here / given), given)
    return channels(text, VARIABLE) if text.strip() else ()


def described(known: Sequence[Channel]) -> str:
    """Say where alerts go, and for which severities nobody hears of anything."""
    said = [f"{each.name} for {' '.join(sorted(each.severities))}" for each in known]
    unheard = [severity for severity in Severity if not any(severity in each.severities for each in known)]
    return ", ".join(said) + (f"; nobody for {' '.join(unheard)}" if unheard else "")


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
        # A group may: a scheduler's credentials are often shared with the job in this way.
        readers = path.stat().st_mode & stat.S_IROTH
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise AlertError(f"{path}: the alert file cannot be read ({reason})") from None
    if readers:
        raise AlertError(f"{path}: everybody can read the alert file, which holds secrets: chmod 600 it")
    return text


def channels(text: str, source: str) -> tuple[Channel, ...]:
    """Return the channels in ``text``: a URL of apprise a line, before it ``P0,P1 =`` if it is for these alone.

    Raises AlertError, which names ``source`` and the line.
    """
    found: list[Channel] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = LINE.fullmatch(line.strip())
        if match is None or line.strip().startswith("#"):
            continue
        named = re.findall(r"P[0-3]", match["severities"] or "")
        plugin = _plugin(match["url"])
        if plugin is None:
            raise AlertError(
                f"{safe(source)}, line {number}: this is no URL that apprise knows (it is not repeated here)"
            )
        kind = str(plugin.service_name or type(plugin).__name__)
        severities = frozenset(map(Severity, named)) or frozenset(Severity)
        found.append(Channel(f"channel {len(found) + 1} ({safe(kind)})", severities, _sender(plugin)))
    if not found:
        raise AlertError(f"{safe(source)}: there is no URL in it")
    return tuple(found)


def _plugin(url: str) -> Any:  # noqa: ANN401 -- apprise's own, one class for each service
    """Return what apprise makes of a URL, or None."""
    with quiet():
        try:
            import apprise  # not above: it takes its time, and most runs alert nobody
        except ImportError:
            raise AlertError(f"alerts are sent by apprise, which is not installed: {extra('alerts')}") from None
        return apprise.Apprise.instantiate(url, suppress_exceptions=True)


def _sender(plugin: Any) -> Callable[[str, str], bool]:  # noqa: ANN401
    def send(title: str, body: str) -> bool:
        from apprise import NotifyFormat, NotifyType

        return bool(
            plugin.notify(body=body, title=title, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT)
        )

    return send


@contextmanager
def quiet() -> Iterator[None]:
    """Let the libraries that deliver warn of nothing and log nothing: both could tell a URL."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def send(run: Run, config: pytest.Config) -> Run:
    """Send what people are to hear of this run; what was not delivered is a problem, which the reports tell."""
    if not config.stash[CHANNELS_KEY]:
        return run
    store, place = config.stash[STORE_KEY], place_of(facts_of(config))
    problems: list[str] = []
    try:
        # A run that is in no history tells all that it found, as if nobody had heard of it.
        findings, policies = store.due(place) if store and run.changes else ((), ())
        messages = compose(run, place, findings, policies, config.getoption("alert_on"))
        for message, failed in deliver(messages, config.stash[CHANNELS_KEY]):
            if not failed and store and run.changes:
                store.told(place, message.findings, message.policies)
            again = "the next run tells it again" if store and run.changes else "nobody will hear of it"
            problems += [f"an alert ({message.title}) was not delivered by {each}; {again}" for each in failed]
    except HistoryError as error:
        problems.append(f"{error}; whether alerts were delivered is not in the history")
    return replace(run, problems=(*run.problems, *problems))


def compose(
    run: Run, place: Subject, findings: Collection[Known], policies: Collection[Unjudged], when: str = "new"
) -> list[Message]:
    """Return one message for each severity of which there is something to tell, the worst first.

    What has one cause is one message: a database that cannot be reached, a run that was stopped, missing rights.

    ``findings`` and ``policies`` are due by the history. Where there is none, or ``when`` is not ``new``, all that the
    run found is told beside them; with ``always`` there is a message even when all is well.
    """
    if run.changes is None or when != "new":
        findings = _united(findings, _present(run))
        policies = [*policies, *(each for each in _unchecked(run) if each.policy not in {p.policy for p in policies})]
    messages, policies = _causes(run, place, policies)
    for severity in Severity:
        mine = tuple(each for each in findings if each.severity is severity)
        blind = tuple(each for each in policies if each.severity is severity)
        if mine or blind:
            title = f"{severity} database audit: {_count(mine, blind)}"
            body = "\n".join(_body(run, place, severity, mine, blind))
            messages.append(Message(severity, title, body, mine, blind))
    if not messages and when == "always":
        body = f"{_audited(run, place)}\n\n{wording.verdict_line(run)}\n{wording.tally(run)}."
        messages.append(Message(None, "Database audit: nothing new", body))
    return messages


def _causes(run: Run, place: Subject, policies: Collection[Unjudged]) -> tuple[list[Message], tuple[Unjudged, ...]]:
    """Return the messages about what keeps many policies from being judged, and the policies that are left."""
    results = {result.id: result for result in run.results}
    blind = [each for each in policies if each.open and each.policy in results]
    lost = tuple(each for each in blind if _unreached(run, results[each.policy]))
    stopped = tuple(each for each in blind if results[each.policy].reason == STOPPED and each not in lost)
    lacking = tuple(each for each in blind if each not in lost and results[each.policy].grants)
    back = tuple(p for p in policies if not p.open)
    messages = []
    if lost:
        lines = [*_called(run, place, lost), "", *_blind(results, lost)]
        messages.append(_of_all(lost, "the database cannot be reached", lines))
    if stopped:
        lines = [*_called(run, place, stopped), "", *_blind(results, stopped)]
        messages.append(_of_all(stopped, "the audit was stopped", lines))
    if len(back) == len(results) > 1:
        lines = [_audited(run, place), "", "All policies can be judged again."]
        messages.append(_of_all(back, "the database can be reached again", lines))
    else:
        back = ()
    if lacking:
        grants = dict.fromkeys(grant for each in lacking for grant in results[each.policy].grants)
        count = wording.counted(len(lacking), "policy", "policies")
        lines = [
            _audited(run, place),
            f"{count} could not be judged, because nobody gave the audit's login what they look at. To give it:",
            *(f"- {plain(grant)}" for grant in [*grants][:MAX_GRANTS]),
        ]
        if len(grants) > MAX_GRANTS:
            lines.append(f"- and {len(grants) - MAX_GRANTS:,} more; the report has them all")
        lines += _blind(results, lacking)
        # To grant rights is work for the day, whatever could be seen with them.
        message = _of_all(lacking, "rights are missing", lines, at_most=Severity.P2)
        messages.append(message)
    return messages, tuple(p for p in policies if p not in {*lost, *stopped, *lacking, *back})


def _unreached(run: Run, result: Result) -> bool:
    """Tell whether a policy is unchecked because nobody answers."""
    return result.reason in (run.unreachable, UNREACHED) if result.reason else False


def _of_all(policies: Sequence[Unjudged], what: str, lines: Iterable[str], at_most: Severity = Severity.P0) -> Message:
    severity = max(min(each.severity for each in policies), at_most)
    return Message(
        severity,
        f"{severity} database audit: {what}, {_count((), policies)}",
        "\n".join(lines),
        policies=tuple(policies),
    )


def _called(run: Run, place: Subject, policies: Sequence[Unjudged]) -> Iterator[str]:
    """Yield what was audited, and who is to be called by when."""
    yield _audited(run, place)
    yield from _summons(run, min(each.severity for each in policies), min(each.since for each in policies))


def _summons(run: Run, severity: Severity, begun: dt.datetime) -> Iterator[str]:
    if told := run.escalation[severity].told(begun, run.started_at):
        yield f"{wording.capital(told)}."


def _united(due: Collection[Known], present: Iterable[Known]) -> list[Known]:
    known = {each.identity for each in due}
    return [*due, *(each for each in present if each.identity not in known)]


def _present(run: Run) -> Iterator[Known]:
    for result in run.having(Verdict.VIOLATED):
        for finding in wording.unwaived(result):
            since = finding.since or run.started_at
            yield Known(
                finding.policy,
                finding.object,
                result.severity,
                Condition.VIOLATED,
                since,
                since,
                run.started_at,
                due=True,
            )


def _unchecked(run: Run) -> Iterator[Unjudged]:
    for result in run.having(Verdict.UNCHECKED):
        yield Unjudged(result.id, result.severity, run.started_at)


def _count(findings: Sequence[Known], policies: Sequence[Unjudged]) -> str:
    there = sum(each.state is Condition.VIOLATED for each in findings)
    over = len(findings) - there
    blind = sum(each.open for each in policies)
    seen = len(policies) - blind
    parts = [
        wording.counted(there, "finding") if there else "",
        f"{over:,} no longer counted" if over else "",
        f"{wording.counted(blind, 'policy', 'policies')} unchecked" if blind else "",
        f"{wording.counted(seen, 'policy', 'policies')} judged again" if seen else "",
    ]
    return ", ".join(filter(None, parts))


def _audited(run: Run, place: Subject) -> str:
    database = f"Database {plain(place.database)}" if place.database else "A database"
    return f"{database} ({plain(place.place)}), audited {wording.moment(run.started_at)}."


def _body(
    run: Run, place: Subject, severity: Severity, findings: Sequence[Known], policies: Sequence[Unjudged]
) -> Iterator[str]:
    """Yield the lines of a message; names from the database are neutralised, and details are not told at all."""
    yield _audited(run, place)
    worse = [each.since for each in findings if each.state is Condition.VIOLATED]
    worse += [each.since for each in policies if each.open]
    if worse:
        yield from _summons(run, severity, min(worse))
    results = {result.id: result for result in run.results}
    named = list(dict.fromkeys(each.policy for each in findings))
    for policy in named[:MAX_POLICIES]:
        yield ""
        yield _sentence(policy, results)
        mine = [each for each in findings if each.policy == policy]
        yield from (f"- {_told(each, run)}" for each in mine[:MAX_OBJECTS])
        if len(mine) > MAX_OBJECTS:
            yield f"- and {len(mine) - MAX_OBJECTS:,} more"
    if len(named) > MAX_POLICIES:
        yield f"\nand {len(named) - MAX_POLICIES:,} more policies; the report has them all"
    yield from _blind(results, policies)


def _sentence(policy: str, results: dict[str, Result]) -> str:
    return f"{policy}: {wording.title(results[policy])}" if policy in results else policy


def _told(known: Known, run: Run) -> str:
    name = plain(known.object)
    if known.state is Condition.FIXED and known.ended:
        return f"fixed: {name}, there from {wording.moment(known.since)} to {wording.moment(known.ended)}"
    if known.state is Condition.WAIVED:
        return f"waived from now on: {name}"
    if known.since < run.started_at:
        return f"there since {wording.moment(known.since)}: {name}"
    return f"{'back again' if known.times > 1 else 'new'}: {name}"


def _blind(results: dict[str, Result], policies: Sequence[Unjudged]) -> Iterator[str]:
    """Yield what could not be checked, put together by the reason, and what can be again."""
    reasons: dict[str, list[str]] = {}
    for each in policies:
        result = results.get(each.policy)
        reason = f"could not be checked: {plain(result.reason)}" if result and each.open else "can be judged again"
        reasons.setdefault(reason, []).append(each.policy)
    for reason, names in reasons.items():
        more = f" and {len(names) - MAX_POLICIES:,} more" if len(names) > MAX_POLICIES else ""
        yield f"\n{', '.join(names[:MAX_POLICIES])}{more}: {reason}"


def plain(text: str) -> str:
    """Return ``text`` on one line and without anything that a mail or chat program could take for markup."""
    flat = MARKUP.sub("?", safe(text))
    return flat if len(flat) <= MAX_OBJECT else f"{flat[:MAX_OBJECT]}... ({len(flat):,} characters)"


def deliver(messages: Sequence[Message], channels: Sequence[Channel]) -> Iterator[tuple[Message, list[str]]]:
    """Send each message through the channels of its severity, and yield it with the channels that did not take it.

    A channel that fails is tried again, one that gives no answer is not: it may have taken the message after all. A
    severity that no channel is for is not yielded: it is told when there is one.
    """
    for message in messages:
        left = [each for each in channels if message.severity is None or message.severity in each.severities]
        if not left:
            continue
        silent: list[str] = []
        for attempt in range(ATTEMPTS):
            if attempt and left:
                time.sleep(PAUSE_S)
            answers = _attempt(message, left)
            silent += [f"{each.name} within {LIMIT_S:.0f} s" for each in left if answers.get(each.name) is None]
            left = [each for each in left if answers.get(each.name) is False]
        yield message, [*(each.name for each in left), *silent]


def _attempt(message: Message, channels: Sequence[Channel]) -> dict[str, bool]:
    """Send a message through all channels at once; one that gave no answer in time is not in what is returned."""
    answers: dict[str, bool] = {}

    def send(channel: Channel) -> None:
        try:
            answers[channel.name] = channel.send(message.title, message.body)
        except Exception:  # noqa: BLE001 -- whatever a service's plugin raises: it was not delivered, and that is told
            answers[channel.name] = False

    with quiet():
        # Daemons: who hangs must not keep the audit from ending.
        threads = [threading.Thread(target=send, args=(channel,), daemon=True) for channel in channels]
        deadline = time.monotonic() + LIMIT_S
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
    return dict(answers)
