"""What is kept between runs is used for the same again, and for nothing else; damaged, it is made anew."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from audit.access.declaration import load as load_access
from audit.connection import TargetError, connect
from audit.server import embedded, kept, target
from audit.server.target import Choice, opened, with_platform
from audit.settings import load as load_settings
from fixtures.suite import Suite
from tests.support.auditing import ROOT, Outcome, audit

PLACE = "targets"


class AnewError(Exception):
    """Something is made anew."""


@contextmanager
def refused() -> Iterator[kept.Made]:
    raise AnewError
    yield


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "care-collective-audit"


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An entry as a run leaves it."""

    @contextmanager
    def make() -> Iterator[kept.Made]:
        with embedded.serve() as server:
            yield server, {"word": "kept"}

    place = tmp_path_factory.mktemp("cache") / "targets" / "entry"
    with kept.serving(place, None, make) as (server, facts):
        assert facts == {"word": "kept"}
        with connect(server.dsn) as connection:
            connection.execute("select 1")
    return place


@pytest.fixture
def copy(entry: Path, tmp_path: Path) -> Path:
    place = tmp_path / "targets" / "entry"
    place.parent.mkdir(mode=0o700)
    shutil.copytree(entry, place)
    return place


# --- The same verdicts


def told(outcome: Outcome) -> dict[str, object]:
    """All that a run says but for its times, and for how many of its own statements this server was asked."""
    unsteady = {"PERF-01": ("duration_ms", "population")}
    return {
        name: {key: value for key, value in policy.items() if key not in unsteady.get(name, ("duration_ms",))}
        for name, policy in outcome.policies.items()
    }


def test_the_verdicts_are_the_same_with_and_without(cache: Path, tmp_path: Path) -> None:
    options = ("--members=20", "--no-history")
    anew = audit(tmp_path / "anew", "--anew", *options)
    assert not cache.exists()
    first = audit(tmp_path / "first", *options)
    assert len(list((cache / PLACE).iterdir())) == 1
    second = audit(tmp_path / "second", *options)
    assert len(list((cache / PLACE).iterdir())) == 1
    assert told(anew) == told(first) == told(second)
    notes = [outcome.document["notes"] for outcome in (anew, first, second)]
    assert notes[0] == notes[1] == notes[2]


OLDER = """
select a.attrelid::regclass::text, a.attname from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
where c.relkind = 'r' and c.relnamespace::regnamespace::text in ('public', 'auth', 'private', 'storage')
and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
and a.atttypid in ('timestamptz'::regtype, 'timestamp'::regtype)
"""


def test_an_hour_later_the_verdicts_are_the_same(cache: Path) -> None:
    suite = Suite(load_settings(ROOT / "audit.toml"), load_access(ROOT / "schema" / "access.toml"))
    with opened(Choice(members=60)) as database, connect(database.dsn) as connection:
        before = suite.ask(connection, database.unfilled, database.migrations)
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")
            for table, column in connection.execute(OLDER).fetchall():
                statement = sql.SQL("update {} set {} = {} - %s").format(
                    sql.SQL(table), sql.Identifier(column), sql.Identifier(column)
                )
                connection.execute(statement, [database.lasts or dt.timedelta(hours=1)])
        connection.execute("select pg_catalog.pg_stat_force_next_flush()")
        connection.execute("analyze")
        after = suite.ask(connection, database.unfilled, database.migrations)
    assert before.asked == after.asked


# --- By content


def keys(choice: Choice) -> str:
    place = target._place_of(choice)
    assert place is not None
    return place.name


def test_whatever_enters_makes_another_entry(cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project" / "supabase" / "migrations"
    folder.mkdir(parents=True)
    file = folder / "20260101000000_a.sql"
    file.write_text("create table public.a (id int)", encoding="utf-8")
    before = tmp_path / "before.sql"
    before.write_text("select 1", encoding="utf-8")
    choice = Choice(migrations=folder)
    found = [keys(choice), keys(Choice()), keys(replace(choice, members=3)), keys(replace(choice, strict=True))]
    found += [keys(replace(choice, platform_defaults="revoked")), keys(replace(choice, before=before))]
    before.write_text("select 2", encoding="utf-8")
    found.append(keys(replace(choice, before=before)))
    (folder.parent / "config.toml").write_text("[api]\nschemas = ['api']\n", encoding="utf-8")
    found.append(keys(choice))
    file.write_text("create table public.a (id bigint)", encoding="utf-8")
    found.append(keys(choice))
    (folder / "20260102000000_b.sql").write_text("select 1", encoding="utf-8")
    found.append(keys(choice))
    assert len(set(found)) == len(found)
    assert keys(choice) == found[-1]


def test_a_change_in_any_file_of_the_engine_makes_another_entry(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "audit", tmp_path / "audit", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(kept, "ENGINE", tmp_path / "audit")
    files = [path for path in (tmp_path / "audit").rglob("*") if path.suffix in (".py", ".sql")]
    found = {keys(Choice())}
    for path in files:
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        found.add(keys(Choice()))
    assert len(found) == len(files) + 1


def test_what_is_not_kept(cache: Path) -> None:
    assert target._place_of(Choice(keep=False)) is None
    assert target._place_of(Choice(files=())) is None


# --- Damage


def test_what_is_kept_is_used_again(copy: Path) -> None:
    with kept.serving(copy, None, refused) as (server, facts):
        assert facts == {"word": "kept"}
        with connect(server.dsn) as connection:
            assert connection.execute("select 1").fetchall() == [(1,)]


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def altered(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize("part", ["facts.json", "data/PG_VERSION", "data/global/pg_control", "data.digest"])
def test_what_is_damaged_is_made_anew(copy: Path, part: str) -> None:
    for harm in (shortened, altered, linked, Path.unlink):
        before = (copy / part).read_bytes()
        harm(copy / part)
        with pytest.raises(AnewError), kept.serving(copy, None, refused):
            pass
        (copy / part).unlink(missing_ok=True)
        (copy / part).write_bytes(before)


def test_what_was_added_is_damage(copy: Path) -> None:
    (copy / "data" / "postgresql.auto.conf").write_text("archive_command = 'touch /tmp/x'\n", encoding="utf-8")
    with pytest.raises(AnewError), kept.serving(copy, None, refused):
        pass


def test_what_is_damaged_is_replaced(copy: Path) -> None:
    altered(copy / "facts.json")

    @contextmanager
    def make() -> Iterator[kept.Made]:
        with embedded.serve() as server:
            yield server, {"word": "anew"}

    with kept.serving(copy, None, make) as (_, facts):
        assert facts == {"word": "anew"}
    with kept.serving(copy, None, refused) as (_, facts):
        assert facts == {"word": "anew"}
    assert [path.name for path in copy.parent.iterdir()] == ["entry"]


def test_what_is_out_of_date_is_made_anew(copy: Path) -> None:
    for minutes, fresh in ((1, True), (-1, False)):
        until = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
        kept._write(copy / "facts.json", {"until": until.isoformat()})
        assert kept._is_over(kept._read(copy / "facts.json")) is not fresh
    with pytest.raises(AnewError), kept.serving(copy, None, refused):
        pass


# --- Whom to believe


def test_what_others_can_write_is_not_believed(copy: Path) -> None:
    for path in (copy, copy.parent):
        before = path.stat().st_mode & 0o777
        path.chmod(0o777)
        with pytest.raises(AnewError), kept.serving(copy, None, refused):
            pass
        path.chmod(before)
    assert kept.is_private(copy)


def test_a_link_is_not_followed(copy: Path) -> None:
    elsewhere = copy.parent.parent / "elsewhere"
    copy.rename(elsewhere)
    copy.symlink_to(elsewhere)
    with pytest.raises(AnewError), kept.serving(copy, None, refused):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_others_is_not_believed(copy: Path) -> None:
    os.chown(copy, 12345, 12345)
    with pytest.raises(AnewError), kept.serving(copy, None, refused):
        pass


# --- Where nothing can be kept


def used(place: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    """Serve what is made, and leave nothing behind."""

    @contextmanager
    def make() -> Iterator[kept.Made]:
        with embedded.serve() as server:
            yield server, {}

    with kept.serving(place, None, make) as (server, _), connect(server.dsn) as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]


def test_a_place_that_cannot_be_made_is_gone_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    used(tmp_path / "file" / "targets" / "entry")


def test_a_full_disk_is_gone_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(embedded.Server, "freeze", full)
    used(tmp_path / "targets" / "entry")
    assert list((tmp_path / "targets").iterdir()) == []


def test_what_was_ended_for_its_time_is_not_kept(tmp_path: Path) -> None:
    @contextmanager
    def make() -> Iterator[kept.Made]:
        with embedded.serve() as server, connect(server.dsn) as connection:
            connection.execute("set statement_timeout = 10")
            with pytest.raises(Exception, match="statement timeout"):
                connection.execute("select pg_sleep(5)")
            yield server, {}

    with kept.serving(tmp_path / "targets" / "entry", None, make):
        assert list((tmp_path / "targets").iterdir()) == []


def test_a_mistake_is_told_as_ever(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="there is no usable PostgreSQL server"), with_platform(tmp_path):
        pass


# --- Several at once


def test_several_runs_at_once_keep_one(cache: Path) -> None:
    program = (
        "from audit.server.target import with_platform\nfrom audit.connection import connect\n"
        "with with_platform(None) as server, connect(server.dsn) as c:\n"
        "    print(c.execute('select count(*) from auth.users').fetchall())\n"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(3)
    ]
    said = [run.communicate(timeout=120)[0].decode() for run in runs]
    assert said == ["[(0,)]\n"] * 3
    assert len(list((cache / "platform").iterdir())) == 1


def test_the_entries_that_were_used_last_are_kept(tmp_path: Path) -> None:
    cache = tmp_path / "targets"
    for number in range(6):
        (cache / str(number)).mkdir(parents=True, mode=0o700)
        os.utime(cache / str(number), (number, number))
    (cache / ".draft-old").mkdir()
    os.utime(cache / ".draft-old", (1, 1))
    (cache / ".draft-new").mkdir()
    kept.tidy(cache)
    assert {path.name for path in cache.iterdir()} == {"2", "3", "4", "5", ".draft-new"}
