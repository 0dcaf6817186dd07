"""Faults: whatever goes wrong, the report is whole, says what was not looked at, and shows hostile names as text."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from psycopg import sql

from audit.connection import Dsn
from audit.evidence import UNSAFE
from audit.server import embedded
from audit.server.target import MIGRATIONS, Target
from fixtures.target import CHOICE
from tests.support.auditing import ROOT, Outcome, audit
from tests.support.proving import POLICIES
from tests.support.samples import ESCAPES, MARKUP
from tests.support.waiting import LIMIT_S

# A plugin of pytest that does something when the fifth policy is about to be asked.
BEFORE = 5
PLUGIN = """
import os, signal
import pytest

asked = 0

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    global asked
    asked += 1
    if asked == {before}:
        from tests.support.auditing import end_sessions, kill_tree

        target = pyfuncitem._request.getfixturevalue("asked")
        {action}
"""


@pytest.fixture
def interfering(tmp_path: Path, pytestconfig: pytest.Config) -> Callable[..., Outcome]:
    """Run an audit in which something happens between the policies."""

    def run(action: str, *options: str) -> Outcome:
        (tmp_path / "interference.py").write_text(PLUGIN.format(action=action, before=BEFORE))
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        return audit(tmp_path / "out", "-p", "interference", *options, PYTHONPATH=path)

    return run


@pytest.fixture(scope="session")
def embedded_options(pytestconfig: pytest.Config) -> list[str]:
    """The options for an embedded server like the one that the tests use."""
    programs = pytestconfig.stash[CHOICE].postgres_bin
    return [f"--postgres-bin={programs}"] if programs else []


@pytest.fixture(scope="module")
def reference(target: Target) -> Dsn:
    """A copy of the reference database, to be audited as a live one: that is quicker than to build one."""
    return target.server.clone_database("faults")


def ended_early(outcome: Outcome) -> None:
    """Check that every policy is in every report, and that those from the fifth on were not looked at."""
    names = [*outcome.policies]
    assert {*names} == {*POLICIES}
    # What became of the migrations is known without the server.
    rest = [policy for name, policy in outcome.policies.items() if name in names[BEFORE:] and name != "MIG-01"]
    unchecked = [policy for policy in rest if policy["verdict"] == "UNCHECKED"]
    assert {policy["verdict"] for policy in rest} <= {"UNCHECKED", "NOT_APPLICABLE"}
    assert len(unchecked) > len(names) / 2
    for policy in unchecked:
        assert policy["reason"] and policy["remedy"] and "could not be asked" not in policy["reason"]
    assert sum(outcome.document["counts"].values()) == len(names)
    assert outcome.document["score"] <= 40
    page = (outcome.folder / "audit.html").read_text(encoding="utf-8")
    assert {*re.findall(r'class="policy item" id="([^"]+)"', page)} == {*names}
    assert (outcome.folder / "junit.xml").read_text(encoding="utf-8").count("<testcase") == len(names)


# --- The server goes, or the run is told to stop


def test_a_killed_server_leaves_a_whole_report(interfering, embedded_options):
    """Both connections, the auditor's and that of the people who act, are lost in the middle of a policy."""
    outcome = interfering("kill_tree(target.server.pid)", "--members=5", *embedded_options)
    ended_early(outcome)
    assert outcome.status == 6
    assert "no all-clear" in outcome.said
    # A dead server costs one attempt, not one for each policy.
    assert sum(outcome.policies[name]["duration_ms"] for name in [*outcome.policies][BEFORE:]) < 60_000


def test_a_killed_live_server_leaves_a_whole_report(interfering, pytestconfig, tmp_path):
    settings = tmp_path / "audit.toml"
    settings.write_text('packs = ["core", "care-collective"]\n', encoding="utf-8")  # nothing else tells whose it is
    with embedded.serve(pytestconfig.stash[CHOICE].postgres_bin) as server:
        outcome = interfering(
            f"kill_tree({server.pid})", f"--target={server.dsn}", "--no-shadow", f"--settings={settings}"
        )
    ended_early(outcome)
    assert outcome.status in (1, 6)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_run_that_is_told_to_stop_leaves_a_whole_report(interfering, reference, name):
    outcome = interfering(f"os.kill(os.getpid(), signal.{name})", f"--target={reference}", "--no-shadow")
    ended_early(outcome)
    assert outcome.status == pytest.ExitCode.INTERRUPTED
    assert outcome.document["complete"] is False
    assert "The run ended early." in outcome.said
    assert f"The run was stopped by {name}. What it had found:" in outcome.said
    assert "Stopped:" not in outcome.said


def test_a_server_that_went_away_is_asked_again(interfering, reference):
    """One lost connection is not a lost server: the policy at hand is unchecked, those after it are asked."""
    outcome = interfering(f"end_sessions({str(reference)!r})", f"--target={reference}", "--no-shadow")
    names = [*outcome.policies]
    assert len({name for name in names[BEFORE:] if outcome.policies[name]["verdict"] == "HOLDS"}) > len(names) / 3


# --- Hostile names, a hole and a migration that fails, in one directory of migrations


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference migrations, and three more: a hole, one that fails, and hostile names of every kind."""
    directory = tmp_path_factory.mktemp("migrations")
    for path in MIGRATIONS.glob("*.sql"):
        shutil.copy(path, directory)
    (directory / "30000101000000_hole.sql").write_text("create table public.notes (text text);\n")
    (directory / "30000102000000_fails.sql").write_text(
        "create table public.half ();\n\nselect nothing from nowhere;\n"
    )
    (directory / "30000103000000_names.sql").write_text("".join(map(hostile_objects, (MARKUP, ESCAPES))))
    return directory


def hostile_objects(name: str) -> str:
    """Return SQL that calls a table, its column, a policy, an index, a view and a function by ``name``; all offend."""
    quoted = sql.Identifier(name.replace("\0", "")).as_string(None)
    return f"""
        create table public.{quoted} ({quoted} timestamp);
        grant all on public.{quoted} to anon, authenticated;
        create index {sql.Identifier(f"i{name}").as_string(None)} on public.{quoted} ({quoted});
        create index {sql.Identifier(f"j{name}").as_string(None)} on public.{quoted} ({quoted});
        create table public.{sql.Identifier(f"p{name}").as_string(None)} (id int primary key);
        alter table public.{sql.Identifier(f"p{name}").as_string(None)} enable row level security;
        create policy {quoted} on public.{sql.Identifier(f"p{name}").as_string(None)} using (true) with check (true);
        create view public.{sql.Identifier(f"v{name}").as_string(None)} as select * from public.profiles;
        grant select on public.{sql.Identifier(f"v{name}").as_string(None)} to anon;
        create function public.{quoted}() returns setof public.profiles language sql security definer
            as 'select * from public.profiles';
        """


@pytest.fixture(scope="module")
def unsound(planted: Path, embedded_options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The audit of those migrations."""
    options = [f"--settings={ROOT / 'audit.toml'}", f"--migrations={planted}", "--members=20", *embedded_options]
    return audit(tmp_path_factory.mktemp("unsound"), *options)


def test_the_json_of_a_real_run_is_as_the_schema_says(unsound):
    schema = json.loads((ROOT / "reports" / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(unsound.document)


def test_a_failing_migration_is_told_and_the_rest_is_audited(unsound):
    assert unsound.status == 1
    failed = [migration for migration in unsound.document["migrations"] if not migration["applied"]]
    assert [(m["file"], m["line"], m["sqlstate"]) for m in failed] == [("30000102000000_fails.sql", 3, "42P01")]
    assert failed[0]["error"] == 'relation "nowhere" does not exist'
    mig = unsound.policies["MIG-01"]
    assert mig["verdict"] == "VIOLATED"
    assert [finding["object"] for finding in mig["findings"]] == ["30000102000000_fails.sql"]
    assert "migration 30000102000000_fails.sql failed in line 3 (SQLSTATE 42P01)" in unsound.said
    assert {*unsound.policies} == {*POLICIES}
    assert len(unsound.having("HOLDS")) > len(POLICIES) / 2


def test_a_hole_is_found_in_somebodys_migrations(unsound):
    assert "public.notes" in {finding["object"] for finding in unsound.policies["SCHEMA-02"]["findings"]}


class Markup(HTMLParser):
    """The elements that a browser would make of a text, and what of it would be executed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.alarms: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.alarms.update(f"{tag} {name}" for name, value in attrs if value == "x" or "alert" in (value or ""))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_hostile_names_are_found(unsound):
    """Several policies tell of them, or the tests below would prove nothing."""
    telling = {
        name: kind
        for name, policy in unsound.policies.items()
        for finding in policy["findings"]
        for kind in (MARKUP, ESCAPES)
        if kind in json.dumps(finding, ensure_ascii=False).replace('\\"', '"') or MARKUP in finding["object"]
    }
    assert len(telling) >= 5, telling


# What a screen reader says: an attribute that nothing executes.
INERT = {"div aria-label"}


def test_a_hostile_name_is_text_on_the_page(unsound):
    page = (unsound.folder / "audit.html").read_text(encoding="utf-8")
    shown = Markup(page)
    assert not shown.alarms - INERT
    assert MARKUP in "".join(shown.words), "the page does not show it"
    assert "\x1b" not in page


def test_a_hostile_name_is_text_in_the_browser(unsound, tmp_path):
    """Where there is a browser, what its script makes of the page; elsewhere what the page says must do."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    page = unsound.folder / "audit.html"
    if browser is None:
        assert MARKUP not in page.read_text(encoding="utf-8")
        return
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--dump-dom",
               "--virtual-time-budget=5000", f"--user-data-dir={tmp_path}", page.as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, timeout=LIMIT_S, encoding="utf-8").stdout
    shown = Markup(dom)
    assert len(re.findall('class="policy item"', dom)) == len(unsound.policies)
    assert not shown.alarms - INERT
    assert MARKUP in "".join(shown.words)


def test_a_hostile_name_has_no_power_over_the_terminal(unsound):
    assert MARKUP in unsound.said
    assert "red" in unsound.said
    assert not any(UNSAFE.search(line) for line in unsound.said.split("\n"))


# --- Waivers


def waiver(obj: str, expires: dt.date = dt.date.max, policy: str = "SCHEMA-02") -> str:
    return f'[[waiver]]\npolicy = "{policy}"\nobject = "{obj}"\nreason = "r"\nowner = "o"\nexpires = {expires}\n'


@pytest.fixture
def waived(tmp_path: Path) -> Callable[..., tuple[Outcome, dict[str, object]]]:
    """Ask the policy on tables without a key, with waivers."""

    def run(*waivers: str, options: Sequence[str]) -> tuple[Outcome, dict[str, object]]:
        file = tmp_path / "waivers.toml"
        file.write_text("".join(waivers))
        name = POLICIES["SCHEMA-02"].name
        outcome = audit(tmp_path / "out", f"--waivers={file}", "-k", name, *options)
        return outcome, outcome.policies["SCHEMA-02"]

    return run


def test_a_waiver_covers_a_finding_until_it_expires(waived, unsound, planted, embedded_options, tmp_path):
    """The hole that the run without waivers found is waived, then found again; a waiver that fits nothing is told."""
    assert unsound.policies["SCHEMA-02"]["verdict"] == "VIOLATED"
    migrations = tmp_path / "migrations"
    shutil.copytree(planted, migrations, ignore=shutil.ignore_patterns("*_names.sql"))
    options = [f"--migrations={migrations}", "--strict", "--members=0", *embedded_options]
    today = dt.datetime.now(dt.UTC).date()
    outcome, policy = waived(waiver("public.no*es", today), options=options)
    assert (outcome.status, policy["verdict"]) == (0, "WAIVED")
    assert policy["findings"][0]["waiver"]["owner"] == "o"
    assert "1 waived" in outcome.said
    past = today - dt.timedelta(days=1)
    outcome, policy = waived(waiver("public.notes", past), waiver("public.notes_", today), options=options)
    assert (outcome.status, policy["verdict"]) == (1, "VIOLATED")
    assert f"public.notes (its waiver expired on {past})" in outcome.said
    assert "waiver in line 7 matches nothing: SCHEMA-02 public.notes_" in outcome.said


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--strict-waivers"], 1)])
def test_an_unused_waiver_fails_a_strict_run(waived, reference, options, status):
    outcome, policy = waived(waiver("public.none"), options=[f"--target={reference}", "--no-shadow", *options])
    assert (outcome.status, policy["verdict"]) == (status, "HOLDS")
    assert [unused["object"] for unused in outcome.document["unused_waivers"]] == ["public.none"]
    assert "waiver in line 1 matches nothing" in outcome.said


# --- Mistakes of the person who runs it


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        ("--colour=yes", "", "unrecognized arguments: --colour=yes"),
        (
            "--settings={file}",
            "[thresholds]\ndead_row = 5\n",
            "line 2: unknown key 'dead_row' in thresholds; did you mean 'dead_rows'?",
        ),
        ("--settings={file}", "[thresholds]\ndead_rows = '5'\n", "dead_rows must be a whole number"),
        ("--settings={file}", "x = ", "given.toml, line 1: this cannot be read"),
        (
            "--access={file}",
            "[tables.x]\npublik = true\n",
            "line 2: unknown key 'publik' in tables.x; did you mean 'public'?",
        ),
        ("--waivers={file}", "\n[[waiver]]\npolicy = 'MIG-01'\n", "given.toml, line 2: 'object' is missing"),
        ("--waivers={file}", waiver("x", policy="SCHEMA-99"), "given.toml, line 2: there is no policy 'SCHEMA-99'"),
    ],
)
def test_a_mistake_gets_one_sentence(tmp_path, option, text, sentence):
    file = tmp_path / "given.toml"
    file.write_text(text)
    outcome = audit(tmp_path / "out", option.format(file=file))
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    lines = [line for line in outcome.said.splitlines() if sentence in line]
    assert len(lines) == 1, outcome.said
    assert "Error:" not in outcome.said.replace("ERROR:", "") and 'File "' not in outcome.said
    assert not (tmp_path / "out" / "audit.json").exists()


def test_reports_that_cannot_be_written_are_said_at_once(tmp_path):
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # nothing stops root, except where there is nothing to write to
        folder = Path("/proc/audit")
    outcome = audit(folder)
    assert outcome.status == pytest.ExitCode.USAGE_ERROR
    assert f"{folder}: the reports cannot be written there" in outcome.said


def test_a_policy_file_that_cannot_be_read_is_no_all_clear(tmp_path):
    """The other policies are not asked either: the run is not what somebody thinks it is."""
    broken = tmp_path / "test_broken.py"
    broken.write_text("import no_such_module\n")
    outcome = audit(tmp_path / "out", str(broken), f"--config-file={ROOT / 'pyproject.toml'}")
    assert outcome.status == pytest.ExitCode.INTERRUPTED
    assert "No module named 'no_such_module'" in outcome.said
    assert outcome.having("UNCHECKED") == {*POLICIES}


# --- Selection


def test_policies_are_selected_by_severity_and_by_name(reference, tmp_path):
    urgent = audit(tmp_path / "urgent", f"--target={reference}", "--no-shadow", "-m", "policy(severity='P0')")
    assert {*urgent.policies} == {name for name, policy in POLICIES.items() if policy.severity == "P0"}
    contact = audit(tmp_path / "contact", f"--target={reference}", "--no-shadow", "-k", "contact", "-p", "no:html")
    assert {*contact.policies} >= {name for name in POLICIES if name.startswith("CONTACT")}
    assert len(contact.policies) < len(POLICIES)
    assert sorted(path.name for path in (tmp_path / "contact").iterdir()) == ["audit.json", "junit.xml"]
    assert "audit.html" not in contact.said


# What nobody may say who looked at a part of the whole; "1 is complete" and the like are told by their keys.
WHOLE = re.compile(r"\b(compliant|100|OK|all-clear)\b|\bcomplete\b(?!\": false)|audit_complete 1", re.IGNORECASE)


def test_who_looks_at_a_part_does_not_speak_of_the_whole(tmp_path):
    """Policies are selected by their ids, and no output calls that an audit of the database."""
    words = "json,junit,sarif,markdown,prometheus,nagios"
    options = ("--members=20", f"--output={words}", "-p", "no:html")
    outcome = audit(tmp_path, "-k", "SCHEMA-02 or AUTH-01", *options)
    assert (outcome.status, {*outcome.policies}) == (0, {"SCHEMA-02", "AUTH-01"})
    selected = f"2 of {len(POLICIES)} selected"
    assert f"Only {selected}: 2 holds. Nothing is said of the others. Exit status 0." in outcome.said
    document = outcome.document
    assert (document["complete"], document["score"]) == (False, None)
    assert document["selected"] == {"policies": 2, "of": len(POLICIES)}
    assert "audit_complete 0" in (outcome.folder / "audit.prom").read_text()
    assert (outcome.folder / "nagios.txt").read_text().startswith("AUDIT UNKNOWN - Only ")
    told = {path.name: path.read_text() for path in outcome.folder.iterdir()} | {"terminal": outcome.said}
    for name, text in told.items():
        assert selected in text or (name == "audit.prom" and "audit_policies_selected 2\n" in text), name
    for policy in document["policies"]:  # its own words are about itself
        told = {name: text.replace(policy["explanation"], "") for name, text in told.items()}
    for name in ("terminal", "audit.md", "nagios.txt"):
        assert not WHOLE.search(told[name]), (name, WHOLE.search(told[name]))


def test_what_is_left_out_by_its_path_is_not_selected_either(reference, tmp_path):
    target = (f"--target={reference}", "--no-shadow")
    outcome = audit(tmp_path, *target, "--ignore=policies/test_schema.py", "-k", "MIG-01 or SCHEMA-")
    assert f"1 of {len(POLICIES)} selected" in outcome.said
    assert f"1 of {len(POLICIES)} selected" in (tmp_path / "audit.html").read_text()


def test_an_empty_selection_is_one_sentence(tmp_path):
    outcome = audit(tmp_path, "-k", "nothing_of_the_kind")
    assert outcome.status == pytest.ExitCode.NO_TESTS_COLLECTED
    assert f"No policy was selected: 0 of {len(POLICIES)} policies match -k or -m. Exit status 5." in outcome.said
    assert not (tmp_path / "audit.json").exists()
