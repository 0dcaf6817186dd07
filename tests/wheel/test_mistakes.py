"""Mistakes that people make: each gets one sentence that says what to do, and the right exit status."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from care_audit import command
from tests.support.waiting import LIMIT_S
from tests.wheel.conftest import Installed

USAGE = 4
Say = Callable[[str, Mapping[str, str]], tuple[int, str]]

TABLE = "create table public.t (id bigint primary key);\n"
POLICY = '''from pytest import mark


@mark.policy("{id}", severity="P2", runbook="Ours", fix="-- decide")
def test_{name}({asker}):
    """{title}"""
    assert not {asker}("select 1 as object where false")
'''
GOOD = POLICY.format(id="OWN-01", name="a", asker="auditor", title="It is so.\n\n    Because.\n    ")
SAID = {"supabase/migrations/20260101000000_t.sql": TABLE}

# What is called, which files there are beside a migration, and what is said.
MISTAKES: Mapping[str, tuple[str, Mapping[str, str], str]] = {
    "a verb with a slip": ("chek", {}, "there is no verb 'chek'; did you mean 'check'?"),
    "a verb that is none": ("frobnicate", {}, "there is no verb 'frobnicate'; the verbs are check, "),
    "an option with a slip": ("check --migratons=x", {}, "there is no option --migratons; did you mean --migrations?"),
    "an option that is none": ("check --frobnicate", {}, "there is no option --frobnicate; care-audit check --help"),
    "an option of another verb": ("explain RLS-07 --severity=P0", {}, "there is no option --severity"),
    "a word for a number": ("check --members=many", {}, "'many' is not a valid integer"),
    "a negative number": ("check --members=-1", {}, "--members must be 0 or more"),
    "a number of milliseconds that is none": ("check --budget-ms=soon", {}, "'soon' is not a valid integer"),
    "an option without its value": ("check --members", {}, "requires an argument"),
    "a switch with a value": ("check --no-shadow=yes", {}, "does not take a value"),
    "a policy that is none": ("check --policy=RLS-99", {}, "there is no policy 'RLS-99'; did you mean 'RLS-"),
    "a policy that is like none": ("check --policy=whatever", {}, "there is no policy 'whatever'; care-audit list"),
    "a severity that is none": ("check --severity=P9", {}, "'P9' is not one of 'P0', 'P1', 'P2', 'P3'"),
    "explain what": ("explain", {}, "missing argument 'ID'"),
    "explain what is none": ("explain RSL-07", {}, "there is no policy 'RSL-07'; did you mean 'RLS-07'?"),
    "show what is none": ("show EXPO-1", {}, "there is no policy 'EXPO-1'; did you mean 'EXPO-1"),
    "list what is none": ("list --policy=nothing", {}, "there is no policy 'nothing'"),
    "list a severity that is none": ("list --severity=critical", {}, "'critical' is not one of"),
    "export what": ("export", {}, "missing argument"),
    "export what is none": ("export csv", {}, "'csv' is not one of 'pgtap', 'sql'"),
    "export what is not declared": ("export pgtap --members=0", {}, "nothing is declared that could be exported"),
    "too many words": ("check one two -- -k nothing", {}, "file or directory not found: one"),
    "settings that are not there": (
        "check --settings=nowhere.toml", {}, "--settings nowhere.toml: there is no such file",
    ),
    "settings that are no TOML": ("check", {"audit.toml": "packs = ["}, "audit.toml, line 1: this cannot be read"),
    "a quote that is open": ("check", {"audit.toml": 'access = "access.toml\n'}, "audit.toml, line 1: this cannot"),
    "settings with a slip": ("check", {"audit.toml": "\npaks = []"}, "audit.toml, line 2: unknown key 'paks'; did you"),
    "settings of a wrong type": (
        "check", {"audit.toml": "api_roles = 3"}, "audit.toml, line 1: api_roles must be a list",
    ),
    "settings that are no text": ("check", {"audit.toml": "\udcff"}, "audit.toml cannot be read: it is not UTF-8"),
    "a pack that is none": ("check", {"audit.toml": "packs = ['kore']"}, "unknown pack 'kore' in packs; did you mean"),
    "a setting in pyproject.toml with a slip": (
        "check", {"pyproject.toml": "[project]\nname = 'x'\n[tool.care-audit]\naces = 'x'"},
        "pyproject.toml, line 4: unknown key 'aces'; did you mean 'access'?",
    ),
    "an option in audit.toml with a slip": (
        "check", {"audit.toml": "[options]\nmember = 3"}, "audit.toml, line 2: unknown option 'member'; did you mean",
    ),
    "an option in audit.toml of a wrong type": (
        "check", {"audit.toml": "[options]\nmembers = 'x'"}, "audit.toml, line 2: members must be a whole number",
    ),
    "a switch in audit.toml of a wrong type": (
        "check", {"audit.toml": "[options]\ndeep = 'x'"}, "audit.toml, line 2: deep must be true or false",
    ),
    "declarations that are not there": (
        "check", {"audit.toml": "access = 'no.toml'"}, "access: there is no file no.toml",
    ),
    "policies that are not there": (
        "check", {"audit.toml": "policies = 'nowhere'"}, "policies: there is no folder nowhere",
    ),
    "a folder of policies that is none": ("prove", {}, "there are no policies of your own; care-audit new-policy"),
    "declarations that are named and not there": (
        "check --access=no.toml", {}, "--access no.toml: there is no such file",
    ),
    "declarations with a slip": (
        "check --access=access.toml", {"access.toml": '[tables."public.t"]\nreech.select = { anon = ["all"] }'},
        "access.toml, line 2: unknown key 'reech'",
    ),
    "an actor that is none": (
        "check --access=access.toml", {"access.toml": '[tables."public.t"]\nreach.select = { alise = ["all"] }'},
        "access.toml, line 2: unknown actor 'alise'; did you mean 'alice'?",
    ),
    "rows that are none": (
        "check --access=access.toml", {"access.toml": '[tables."public.t"]\nreach.select = { alice = ["own"] }'},
        "there are no rows called 'own'",
    ),
    "waivers that are not there": ("check --waivers=no.toml", {}, "--waivers no.toml: there is no such file"),
    "a waiver of no policy": (
        "check --waivers=w.toml",
        {"w.toml": '[[waiver]]\npolicy="RLS-99"\nobject="x"\nreason="r"\nowner="o"\nexpires=2999-01-01'}, "RLS-99",
    ),
    "a waiver without an owner": (
        "check --waivers=w.toml", {"w.toml": '[[waiver]]\npolicy="RLS-01"\nobject="x"\nreason="r"'}, "is missing",
    ),
    "a day in quotes": (
        "check --waivers=w.toml",
        {"w.toml": '[[waiver]]\npolicy="RLS-01"\nobject="x"\nreason="r"\nowner="o"\nexpires="2999-01-01"'},
        "a date without quotes",
    ),
    "a target that is none": ("check --target=prod", {}, "unknown target 'prod': say embedded, container, a URL"),
    "a target that does not answer": ("check --target=postgresql://127.0.0.1:9/x", {}, "127.0.0.1"),
    "a service that is none": ("check --target=service=nowhere", {}, "nowhere"),
    "a container of no image": ("check --target=container", {}, "--target container needs --image NAME"),
    "an image of no container": ("check --image=postgres:17", {}, "--image is for --target container only"),
    "programs that are not there": (
        "check --postgres-bin=nowhere", {}, "--postgres-bin: there is no directory nowhere",
    ),
    "programs that are none": ("check --postgres-bin=supabase", {}, "there is no usable PostgreSQL server in"),
    "migrations that are not there": ("check --migrations=nowhere", {}, "--migrations: there is no directory nowhere"),
    "migrations a folder too high": ("check --migrations=.", {}, "did you mean supabase/migrations?"),
    "a dump that is not there": ("check --schema=no.sql", {}, "--schema: there is no file no.sql"),
    "two that build": (
        "check --schema=a.sql --migrations=supabase/migrations", {"a.sql": TABLE}, "leave out --migrations",
    ),
    "what comes before and is not there": (
        "check --before=no.sql", {}, "--before: there is no file or directory no.sql",
    ),
    "an output that is none": ("check --output=pdf", {}, "--output: there is no output 'pdf'; there are html, json"),
    "reports where a file is": ("check --report-dir=a.sql", {"a.sql": ""}, "the reports cannot be written there"),
    "a baseline that is not there": ("check --baseline=no.json", {}, "no.json: the baseline cannot be read"),
    "a baseline that is none": ("check --baseline=b.json", {"b.json": "[]"}, "b.json: this is no baseline"),
    "a baseline to write without a name": ("check --write-baseline", {}, "--write-baseline needs --baseline=FILE"),
    "two words that contradict each other": ("check --history=h --no-history", {}, "contradict each other"),
    "alerts of no file": ("check --alert-file=no", {}, "the alert file cannot be read"),
    "defaults that are none": ("check --platform-defaults=x", {}, "--platform-defaults must be historic or revoked"),
    "an application that is not there": ("check --app=nowhere", {}, "--app: there is no folder nowhere"),
    "a gate in no repository": ("gate", {}, "is in no git repository: say what is new with --since-version=V"),
    "a gate of two minds": ("gate --base=main --since-version=3", {}, "say in one way what is new"),
    "new files that are not there": ("gate --files=no.sql", {}, "no.sql"),
    "drift from nothing": ("drift", {}, "care-audit drift --migrations=DIR --target=service=NAME"),
    "a runbook of no name": ("runbook", {}, "say which runbook: care-audit runbook --runbook=runbook.md"),
    "a runbook that is not there": ("runbook --runbook=no.md", {}, "no.md"),
    "a doctor's application that is not there": ("doctor --app=nowhere", {}, "--app: there is no folder nowhere"),
    "a fix of nothing": ("fix RLS-999 --members=0", {}, "there is no policy or cause 'RLS-999'"),
    "a fix of a live database": ("fix --target=service=prod", {}, "there is no option --target"),
    "a policy's id in small letters": ("new-policy own-01", {}, "'own-01' is no id of a policy"),
    "a policy's id that is ours": ("new-policy RLS-88", {}, "care-audit has such policies itself"),
    "a policy that is there": ("new-policy RLS-07", {}, "there is a policy RLS-07 already"),
    "a policy that does not compile": (
        "prove", {"audit.toml": "", "policies/test_a.py": "def f(:"}, "test_a.py cannot be used: SyntaxError",
    ),
    "a policy that asks somebody unknown": (
        "prove", {"audit.toml": "", "policies/test_a.py": GOOD.replace("auditor", "oracle")}, "oracle",
    ),
    "a policy that does not say why": (
        "prove",
        {"audit.toml": "", "policies/test_a.py": POLICY.format(id="OWN-01", name="a", asker="auditor", title="So.")},
        "the docstring must be the invariant as a sentence",
    ),
    "two policies of one id": (
        "prove", {"audit.toml": "", "policies/test_a.py": GOOD, "policies/test_b.py": GOOD}, "OWN-01 is the id of two",
    ),
    "a policy without a sabotage": (
        "prove", {"audit.toml": "", "policies/test_a.py": GOOD}, "OWN-01 has no sabotage: write",
    ),
    "a sabotage that expects nothing": (
        "prove", {"audit.toml": "", "policies/test_a.py": GOOD, "policies/sabotage/OWN-01.x.sql": "select 1;"},
        "say which object is to be found",
    ),
    "a proof of no policy": (
        "prove OWN-02", {"audit.toml": "", "policies/test_a.py": GOOD}, "there is no policy 'OWN-02'",
    ),
    "a report of no run": ("report", {}, "audit.json: there is no such file; care-audit check writes"),
    "a report of what is none": ("report a.json", {"a.json": "[]"}, "a.json"),
    "a comparison with nothing": ("compare", {}, "missing argument"),
    "a comparison with no run": ("compare no.json", {}, "there is no such file"),
    "a fleet of no file": ("fleet", {}, "targets.toml"),
    "a beginning with no application": ("init --app=nowhere", {}, "--app: there is no folder nowhere"),
    "a beginning with no migrations": ("init --migrations=nowhere", {}, "nowhere"),
    "an empty folder of programs": ("check --postgres-bin=", {}, "--postgres-bin is empty: give it a value, or leave"),
    "an empty folder of migrations": ("check --migrations=", {}, "--migrations is empty"),
    "an empty target": ("check --target=", {}, "--target is empty"),
    "an empty folder of reports": ("check --report-dir=", {}, "--report-dir is empty"),
    "an empty output": ("check --output=", {}, "--output is empty"),
    "an empty branch": ("gate --base=", {}, "--base is empty"),
    "an empty list of files": ("gate --files=", {}, "--files is empty"),
    "an empty image": ("check --target=container --image=", {}, "--image is empty"),
    "an empty name of a policy": ("check --policy=", {}, "--policy is empty"),
    "an empty option in audit.toml": (
        "check", {"audit.toml": "[options]\nmigrations = ''"}, "audit.toml, line 2: migrations is empty: give it",
    ),
    "part of a member": ("check --members=1.5", {}, "'1.5' is not a valid integer"),
    "too many members": ("check --members=99999999999", {}, "--members must be 0 or more, and at most 1,000,000"),
    "an address of the API": ("check --target=https://x.supabase.co", {}, "unknown target: say embedded, container"),
    "an address that is open": ("check --target=host='x", {}, "the connection string cannot be read"),
    "reports where nothing can be": ("check --report-dir=/proc/x", {}, "the reports cannot be written there"),
    "a dump that is a folder": ("check --schema=supabase", {}, "--schema: there is no file supabase"),
    "an empty dump": ("check --schema=e.sql", {"e.sql": "\n"}, "e.sql is empty: nothing would be built"),
    "a dump of another form": ("check --schema=a.dump", {"a.dump": "PGDMP\x01\x0e\0"}, "pg_restore --file=schema.sql"),
    "a compressed dump": ("check --schema=a.gz", {"a.gz": "\x1f\udc8b\x08"}, "is compressed: unpack it first"),
    "a dump in UTF-16": ("check --schema=a.sql", {"a.sql": "\udcff\udcfec\0"}, "is UTF-16: save it as UTF-8"),
    "a dump that is no text": ("check --schema=a.sql", {"a.sql": "\x7fELF\0\0"}, "is no text: name a file of SQL"),
    "settings that are a folder": ("check", {"audit.toml/x": ""}, "audit.toml is no file that can be read"),
    "settings to name that are a folder": ("check --settings=supabase", {}, "--settings supabase: there is no such"),
    "settings in UTF-16": ("check", {"audit.toml": "\udcff\udcfep\0"}, "it is not UTF-8 text; save the file as UTF-8"),
    "settings with ends of lines of long ago": ("check", {"audit.toml": "packs = ['core']\r"}, "audit.toml, line 1:"),
    "a setting twice": ("check", {"audit.toml": "access='a'\naccess='b'"}, "audit.toml, line 2: this cannot be read"),
    "a number for our part of pyproject.toml": (
        "check", {"pyproject.toml": "[tool]\ncare-audit = 3"}, "pyproject.toml, line 2: [tool.care-audit] must be a",
    ),
    "a list for our part of pyproject.toml": (
        "check", {"pyproject.toml": "[[tool.care-audit]]\naccess = 'x'"}, "[tool.care-audit] must be a table",
    ),
    "our part of pyproject.toml is broken": (
        "check", {"pyproject.toml": "[tool.care-audit\n"}, "pyproject.toml, line 1: this cannot be read",
    ),
    "one pack for a list": (
        "check", {"pyproject.toml": "[tool.care-audit]\npacks = 'core'"}, "packs must be a list of strings",
    ),
    "one person for all": ("check", {"audit.toml": "people = 'Ada'"}, "audit.toml, line 1: people must be a table"),
    "a person for no severity": ("check", {"audit.toml": "[people]\nP7 = 'A'"}, "unknown key 'P7' in people"),
    "a limit without what is to be done": (
        "check", {"audit.toml": "[severities]\nP0 = '15 minutes'"}, "severities.P0 must be a table",
    ),
    "a limit in a unit that is none": (
        "check", {"audit.toml": "[severities]\nP0 = { x = '15 fortnights' }"}, "'15 fortnights' is no time limit",
    ),
    "a negative threshold": (
        "check", {"audit.toml": "[thresholds]\nmaintenance_days = -3"}, "thresholds.maintenance_days must not be neg",
    ),
    "yes for a threshold": (
        "check", {"audit.toml": "[thresholds]\nmaintenance_days = true"}, "maintenance_days must be a whole number",
    ),
    "a table for an option": (
        "check", {"audit.toml": "[options.migrations]\nx = 1"}, "options.migrations must be a string",
    ),
    "a list for an option": (
        "check", {"audit.toml": "[options]\nmigrations = ['a', 'b']"}, "line 2: migrations must be a string",
    ),
    "declarations that are a folder": ("check --access=supabase", {}, "--access supabase: there is no such file"),
    "declarations in UTF-16": ("check --access=a.toml", {"a.toml": "\udcff\udcfe[\0"}, "a.toml cannot be read"),
    "declarations that are a number": ("check --access=a.toml", {"a.toml": "tables = 3"}, "tables must be a table"),
    "a table's name without its quotes": (
        "check --access=a.toml", {"a.toml": "[tables.public.t]\nreview=true"}, "unknown key 't' in tables.public",
    ),
    "waivers that are a number": ("check --waivers=w.toml", {"w.toml": "waiver = 3"}, "each under [[waiver]]"),
    "a baseline that is a folder": ("check --baseline=supabase", {}, "the baseline cannot be read (Is a directory)"),
    "a baseline of numbers": ("check --baseline=b.json", {"b.json": '{"accepted": [3]}'}, "this is no baseline"),
    "a report of another version": ("report x.json", {"x.json": '{"schema_version": "9"}'}, "it is of version 9"),
    "a report of bytes": ("report x.json", {"x.json": "\udcff\udcfe\0"}, "x.json: this is no audit.json"),
    "a report of a folder": ("report supabase", {}, "supabase: there is no such file"),
    "words for a version": ("gate --since-version=abc", {}, "'abc' is not a valid integer"),
    "a severity in small letters": ("list --severity=p0", {}, "'p0' is not one of 'P0', 'P1', 'P2', 'P3'"),
    "two policies to explain": ("explain RLS-01 RLS-02", {}, "got unexpected extra argument (RLS-02)"),
    "two exports": ("export pgtap sql", {}, "got unexpected extra argument (sql)"),
    "a policy without a number": ("new-policy X", {}, "'X' is no id of a policy"),
    "a policy that is a path": ("new-policy ../../X-01", {}, "'../../X-01' is no id of a policy"),
    "a beginning with no dump": ("init --schema=nope.sql", {}, "nope.sql: there is no such file or directory"),
    "a runbook of bytes": ("runbook --runbook=r.md", {"r.md": "\0\x01"}, "r.md holds binary data"),
    "a runbook in Latin-1": ("runbook --runbook=r.md", {"r.md": "# M\udcfcller\n"}, "r.md is not UTF-8 (line 1)"),
    "a fleet that is broken": ("fleet t.toml", {"t.toml": "x = [\n"}, "t.toml, line 1: this cannot be read"),
    "a fleet of nobody": ("fleet t.toml", {"t.toml": ""}, "each stands under [[database]], with name and target"),
    "an application that is a file": ("check --app=f", {"f": ""}, "--app: there is no folder f"),
    "a selection that is no expression": ("check -- -k (((", {}, "Wrong expression passed to '-k'"),
    "alerts of a kind that is none": ("check --alert-on=P9", {}, "'P9' is not one of 'new', 'violated', 'always'"),
    "alerts of a kind that is none in audit.toml": (
        "check", {"audit.toml": "[options]\nalert-on = 'P9'"}, "line 2: alert-on must be one of new, violated, always",
    ),
    "a prefix in small letters": (
        "list", {"audit.toml": "prefix = 'shop1'"}, "prefix must be capital letters and nothing else",
    ),
    "a port that is none": ("check --target=postgresql://127.0.0.1:99999/x", {}, "the port is no number"),
    "a port in words": ("check --target=postgresql://127.0.0.1:abc/x", {}, "the port is no number"),
    "a host that is none": ("check --target=postgresql://no.such.host.invalid/x", {}, "name is not known"),
    "a target with a slip": ("check --target=embeded", {}, "unknown target 'embeded': say embedded, container, a URL"),
    "another kind of database": ("check --target=mysql://x/y", {}, "unknown target: say embedded, container, a URL"),
    "programs that are a file": ("check --postgres-bin=/bin/sh", {}, "--postgres-bin: there is no directory /bin/sh"),
    "migrations that are a file's child": ("check --migrations=a.sql/x", {"a.sql": ""}, "there is no directory a.sql"),
    "a folder of nothing": ("check --migrations=e", {"e/.keep": ""}, "there is no .sql file in e"),
    "a threshold that is none": (
        "list", {"audit.toml": "[thresholds]\nfoo = 1"}, "audit.toml, line 2: unknown key 'foo' in thresholds",
    ),
    "one schema for all": ("list", {"audit.toml": "exposed_schemas = 'public'"}, "exposed_schemas must be a list of"),
    "a number among schemas": (
        "list", {"audit.toml": "exposed_schemas = ['public', 3]"}, "exposed_schemas must be a list of strings",
    ),
    "a number for somebody": ("list", {"audit.toml": "[people]\nP0 = 3"}, "line 2: people.P0 must be a string"),
    "an output in audit.toml that is none": (
        "check", {"audit.toml": "[options]\noutput = 'pdf'"}, "--output: there is no output 'pdf'; there are html",
    ),
    "an option of the verb in audit.toml": (
        "check", {"audit.toml": "[options]\npolicy = 'RLS-01'"}, "audit.toml, line 2: unknown option 'policy'",
    ),
    "half a report": ("report x.json", {"x.json": '{"schema_version": "1.'}, "x.json: this is no audit.json"),
    "half a report to compare with": ("compare x.json x.json", {"x.json": "{"}, "x.json: this is no audit.json"),
    "a history that is none": ("history --history=a.sql", {"a.sql": TABLE}, "the history is damaged (file is not a"),
    "a title of nothing": ("new-policy A-01 --title=", {}, "--title is empty: give it a value, or leave it out"),
    "a policy of no severity": ("new-policy A-01 --severity=high", {}, "'high' is not one of 'P0', 'P1', 'P2', 'P3'"),
    "no id to explain": ("show", {}, "missing argument 'ID'"),
    "an option of pytest in front": ("check -k nothing", {}, "there is no option -k; care-audit check --help shows"),
    "an option of pytest that is none": ("check -- --frobnicate", {}, "unrecognized arguments: --frobnicate"),
}  # fmt: skip


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Call the command in a folder of its own, where there is one migration."""
    for name in [*os.environ]:
        if name.startswith(("AUDIT_", "PG", "PYTEST_")) and name != "PYTEST_CURRENT_TEST":
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def called(words: str, files: Mapping[str, str]) -> tuple[int, str]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
        with pytest.raises(SystemExit) as ended:
            command.main(words.split())
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out + err

    return called


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gets_one_sentence(mistake: str, say: Say) -> None:
    words, files, expected = MISTAKES[mistake]
    status, said = say(words, {**SAID, **files})
    assert status == USAGE, said
    assert expected in said.replace("\n", " "), said
    assert "Traceback" not in said and "INTERNALERROR" not in said
    assert len([line for line in said.splitlines() if line.strip()]) <= 30, said


@pytest.mark.parametrize(
    ("number", "name", "said"),
    [
        (errno.EROFS, "p/audit-reports", "Read-only file system: say where the reports are to go, --report-dir=DIR"),
        (errno.EROFS, "p/audit.toml", "Read-only file system: make it writable"),
        (errno.ENOSPC, "p/x.sql", "No space left on device: make room there"),
        (errno.EISDIR, "p/x.sql", "p/x.sql: Is a directory"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_what_to_do(number: int, name: str, said: str) -> None:
    assert command._of_file(OSError(number, os.strerror(number), name)).endswith(said)


def test_a_folder_that_is_gone_is_no_place_to_call_from(tmp_path: Path, say: Say) -> None:
    (tmp_path / "gone").mkdir()
    os.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    status, said = say("check", {})
    assert status == USAGE and "is not there any more" in said


@pytest.mark.parametrize("verb", [*command.cli.commands])
def test_the_help_of_a_verb_is_short(verb: str, say: Say) -> None:
    status, said = say(f"{verb} --help", {})
    assert status == 0 and len(said.splitlines()) <= 40, said
    assert max(map(len, said.splitlines())) <= 120


def test_the_help_is_short_and_shows_every_verb(say: Say) -> None:
    status, said = say("--help", {})
    assert status == 0 and len(said.splitlines()) <= 40
    assert all(f"  {verb} " in said for verb in command.cli.commands)


def test_called_with_nothing_it_shows_what_there_is(say: Say) -> None:
    status, said = say("", {})
    assert status == 0 and said.startswith("Usage: care-audit") and "  check " in said


def test_a_selection_that_is_no_expression_has_no_verdict_and_no_page(tmp_path: Path, say: Say) -> None:
    status, said = say("check -- -k (((", SAID)
    assert status == USAGE and "Exit status" not in said and "policies are asked" not in said
    assert not list((tmp_path / "audit-reports").glob("audit.*"))


def test_an_unreachable_database_is_told_once(say: Say) -> None:
    status, said = say("check --target=postgresql://127.0.0.1:9/x", SAID)
    assert status == USAGE and said.count("127.0.0.1:9, x: nothing") == 1 and "UNCHECKED" not in said
    assert "Nothing was judged: cannot connect to 127.0.0.1:9" in said and "_pytest" not in said


@pytest.mark.parametrize(("where", "expected"), [(">&-", 0), (">/dev/full", USAGE), ("2>&-", 0)])
def test_where_nothing_can_be_said_nothing_breaks(
    where: str, expected: int, installed: Installed, tmp_path: Path
) -> None:
    call = ["sh", "-c", f"exec {installed.folder}/bin/care-audit list {where}"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == expected, done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_where_nothing_builds_a_database_it_is_said(say: Say) -> None:
    for words in ("check", "init", "gate", "draft", "fix", "export sql"):
        status, said = say(words, {})
        assert status == USAGE and "name it with --migrations=DIR or --schema=FILE" in said, words


def test_what_is_not_installed_is_named(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(TABLE)
    alerts = tmp_path / "alerts"
    alerts.write_text("json://127.0.0.1/\n")
    alerts.chmod(0o600)
    done = installed.call(tmp_path, "check", f"--alert-file={alerts}")
    assert done.status == USAGE and "pip install 'care-collective-audit[alerts]'" in done.said, done.said
    done = installed.call(tmp_path, "check", "--target=container", "--image=postgres:17")
    assert done.status == USAGE and "pip install 'care-collective-audit[container]'" in done.said, done.said
