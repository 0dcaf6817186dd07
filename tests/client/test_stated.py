"""What a project says of its database, and whether a database, and the audit, fit it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.client.app import App, read
from audit.client.stated import Project, misfits_of_schemas, misfits_of_version, stated_by
from audit.evidence import Log, NotApplicable
from audit.results import Verdict
from tests.client.test_environment import SETUP
from tests.client.test_hostile import put
from tests.support.auditing import audit
from tests.support.proving import APPLICATION

SERVED = ["public", "private", "graphql_public"]


def stated(folder: Path, text: str | bytes, name: str = "supabase/config.toml") -> Project:
    put(folder, name, text)
    return stated_by(read(folder).folder)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[db]\nmajor_version = 17", []),
        ('[db]\nmajor_version = " 17 "', []),
        ("[db]\nmajor_version = 15", ["supabase/config.toml db.major_version"]),
        ("[db]\nmajor_version = 15\n[remotes.live.db]\nmajor_version = 17", []),
        ('[remotes."x\\u001b".db]\nmajor_version = 15', ["supabase/config.toml remotes.?.db.major_version"]),
        ("[db]\nport = 1", []),
    ],
)
def test_versions(tmp_path: Path, text: str, wrong: list[str]) -> None:
    said = stated(tmp_path, text)
    assert [each.object for each in misfits_of_version(said, 17, [])] == wrong
    assert said.doubts["versions"] == []


@pytest.mark.parametrize(
    "text",
    [
        '[db]\nmajor_version = "env(PG)"',
        "[db]\nmajor_version = true",
        "[db]\nmajor_version = [17]",
        "[db",
        b"\xff\xfe\x00",
    ],
)
def test_a_version_that_nobody_can_tell(tmp_path: Path, text: str | bytes) -> None:
    said = stated(tmp_path, text)
    assert (said.versions, len(said.doubts["versions"])) == ([], 1)


@pytest.mark.parametrize(
    ("schemas", "judged", "wrong"),
    [
        ('["public", "graphql_public"]', ["public"], []),
        ('["public", "private"]', ["public"], ["schema private"]),
        ('["public", "private"]', ["public", "private"], []),
        ('["public", "gone"]', ["public", "gone"], ["schema gone"]),
        ('["private"]', ["public", "private"], ["schema public"]),
        ("[]", ["public"], []),
    ],
)
def test_schemas(tmp_path: Path, schemas: str, judged: list[str], wrong: list[str]) -> None:
    said = stated(tmp_path, f"[api]\nschemas = {schemas}\n")
    assert [each.object for each in misfits_of_schemas(said, judged, SERVED)] == wrong


def test_an_api_that_is_off_serves_nothing(tmp_path: Path) -> None:
    assert stated(tmp_path, '[api]\nenabled = false\nschemas = ["gone"]').schemas == []


@pytest.mark.parametrize("schemas", ['"public"', "[1]", '"env(SCHEMAS)"'])
def test_schemas_that_nobody_can_tell(tmp_path: Path, schemas: str) -> None:
    said = stated(tmp_path, f"[api]\nschemas = {schemas}\n")
    assert (said.schemas, len(said.doubts["schemas"])) == ([], 1)


def test_extensions_are_those_that_are_left(tmp_path: Path) -> None:
    put(tmp_path, "supabase/migrations/2_b.sql", "drop extension if exists HSTORE, citext;\ncreate extension citext;")
    lines = ["CREATE EXTENSION Hstore;", "-- create extension no1;", "select 'create extension no2;';", "",
             'create extension if not exists "Odd; ""Name" schema extensions;']  # fmt: skip
    put(tmp_path, "supabase/migrations/1_a.sql", "\n".join(lines))
    put(tmp_path, "elsewhere/3_c.sql", "create extension no3;")
    said = stated_by(read(tmp_path).folder)
    assert [(each.value, str(each.place)) for each in said.extensions] == [
        ('Odd; "Name', "supabase/migrations/1_a.sql:5"),
        ("citext", "supabase/migrations/2_b.sql:2"),
    ]
    (misfit,) = misfits_of_version(said, 17, ["citext"])
    assert 'create extension "Odd; ""Name"' in misfit.todo


def test_migrations_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    put(tmp_path, "supabase/migrations/1_a.sql", "\\gexec\ncreate extension hstore;")
    (tmp_path / "supabase/migrations/2_b.sql").symlink_to(tmp_path / "supabase/migrations/1_a.sql")
    assert len(stated_by(read(tmp_path).folder).doubts["extensions"]) == 2


def test_nothing_that_is_said_is_nothing_to_judge(tmp_path: Path) -> None:
    app = App(read(tmp_path), Log())
    for ask in (app.versions, app.served):
        with pytest.raises(NotApplicable):
            ask(None)  # type: ignore[arg-type]  # it is not asked


def test_in_an_audit(tmp_path: Path) -> None:
    """With a database of the run's own the version says nothing; without an application nothing is asked."""
    asked = ("-k", " or ".join(SETUP), "--no-history")
    assert audit(tmp_path, *asked).having(Verdict.NOT_APPLICABLE) == {*SETUP}
    app = tmp_path / "app"
    put(app, "supabase/config.toml", '[db]\nmajor_version = 12\n[api]\nschemas = ["public", "reporting"]\n')
    put(app, "lib/use.ts", "use(process.env.SUPABASE_URL!, process.env.SUPABASE_ANON_KEY!)")
    outcome = audit(
        tmp_path, *asked, f"--app={app}", SUPABASE_URL="https://abcdefghijklmnopqrst.supabase.co",
        SUPABASE_ANON_KEY="sb_secret_Zq3vN8xT1bYkR6mLw2Pd9A_hJ5sC0eQ",
    )  # fmt: skip
    found = {name: [each["object"] for each in policy["findings"]] for name, policy in outcome.policies.items()}
    assert found == {"SETUP-01": ["variable SUPABASE_ANON_KEY"], "SETUP-02": [], "SETUP-03": ["schema reporting"]}
    assert outcome.having(Verdict.NOT_APPLICABLE) == {"SETUP-02"}
    assert "Zq3vN8xT1bYkR6mLw2Pd9A" not in outcome.said + repr(outcome.document)


def test_the_references_application_is_set_up(tmp_path: Path) -> None:
    outcome = audit(tmp_path, "-k", "SETUP-01", "--no-history", f"--app={APPLICATION}")
    assert (outcome.having(Verdict.HOLDS), outcome.status) == ({"SETUP-01"}, 0)
