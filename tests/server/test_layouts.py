"""The layouts of migrations: what each tool applies, in which order, and what it passes over."""

from __future__ import annotations

import json

import pytest

from audit.connection import TargetError
from audit.layouts import config_beside, recognised, title, to_apply


@pytest.fixture
def place(tmp_path):
    """Return a function that makes a directory with files given as names, or as ``{name: text}``."""

    def place(files, folder="kept"):
        where = tmp_path / folder
        where.mkdir(parents=True, exist_ok=True)
        for name in files:
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_text(files[name] if isinstance(files, dict) else "select 1;\n")
        return where

    return place


def names(layout):
    return [title(path) for path in layout.files]


def test_the_supabase_cli_takes_names_as_text_and_passes_over_others(place):
    files = ["20250107_b.sql", "20240811000000_a.sql", "9_c.sql", "10_d.sql", "fix.sql", "20240812-x.sql", "readme.md"]
    for folder in ("supabase/migrations", "kept"):
        layout = recognised(place(files, folder))
        assert layout.tool == "Supabase CLI"
        assert names(layout) == ["10_d.sql", "20240811000000_a.sql", "20250107_b.sql", "9_c.sql"]
        assert set(layout.skipped) == {"fix.sql", "20240812-x.sql"}
        assert str(layout) == "4 files, Supabase CLI, 2 skipped"


def test_folders_are_passed_over(place):
    assert names(recognised(place(["1_a.sql", "archive/0_old.sql", "2_folder.sql/x.txt"]))) == ["1_a.sql"]


def test_to_the_supabase_cli_what_undoes_a_migration_is_a_migration(place):
    files = ["20250101_a.sql", "20250101_a.down.sql", "20250102_b.down.sql"]
    layout = recognised(place(files, "supabase/migrations"))
    assert names(layout) == ["20250101_a.down.sql", "20250101_a.sql", "20250102_b.down.sql"]
    assert layout.twice == {"20250101_a.sql": "20250101_a.down.sql"}
    layout = recognised(place(files))
    assert names(layout) == ["20250101_a.sql", "20250102_b.down.sql"]
    assert "undoes" in layout.skipped["20250101_a.down.sql"]


def test_two_files_of_one_version_are_told(place):
    layout = recognised(place(["1_a.sql", "1_b.sql", "01_c.sql", "2_d.sql", "2_e.sql"]))
    assert layout.twice == {"1_b.sql": "1_a.sql", "2_e.sql": "2_d.sql"}


def test_an_old_first_file_named_init_is_passed_over(place):
    layout = recognised(place(["20210101000000_init.sql", "20220101000000_init.sql"]))
    assert names(layout) == ["20220101000000_init.sql"]
    assert names(recognised(place(["20211209000000_init.sql"], "new"))) == ["20211209000000_init.sql"]


def test_declared_schemas_go_as_the_configuration_says(place):
    files = ["b.sql", "a.sql", "tables/c.sql", "tables/d.sql", "old.txt"]
    where = place(files, "supabase/schemas")
    layout = recognised(where)
    assert (layout.tool, names(layout)) == ("Supabase CLI, declared", ["a.sql", "b.sql", "c.sql", "d.sql"])
    paths = '["./schemas/tables/d.sql", "./schemas/tables/*.sql", "./schemas/b.sql", "../../x.sql"]'
    (where.parent / "config.toml").write_text(f"[db.migrations]\nschema_paths = {paths}\n")
    layout = recognised(where)
    assert names(layout) == ["d.sql", "c.sql", "b.sql"]
    assert set(layout.skipped) == {"a.sql"}


def test_prisma_keeps_a_folder_for_each(place):
    layout = recognised(place(["20250102_b/migration.sql", "20250101_a/migration.sql", "migration_lock.toml", "x.sql"]))
    assert (layout.tool, names(layout)) == ("Prisma", ["20250101_a/migration.sql", "20250102_b/migration.sql"])
    assert set(layout.skipped) == {"x.sql"}


def test_hasura_and_newer_drizzle_keep_folders_too(place):
    layout = recognised(place(["2_b/up.sql", "2_b/down.sql", "1_a/up.sql"]))
    assert (layout.tool, names(layout)) == ("Hasura", ["1_a/up.sql", "2_b/up.sql"])
    assert recognised(place(["1_a/migration.sql", "1_a/snapshot.json"], "drizzle")).tool == "Drizzle"


def test_drizzle_keeps_a_journal(place):
    journal = {"entries": [{"idx": 1, "tag": "0000_z"}, {"idx": 0, "tag": "0001_a"}, {"idx": 2, "tag": "0002_gone"}]}
    files = {"0000_z.sql": "", "0001_a.sql": "", "0003_own.sql": "", "meta/_journal.json": json.dumps(journal)}
    layout = recognised(place(files))
    assert (layout.tool, names(layout)) == ("Drizzle", ["0001_a.sql", "0000_z.sql"])
    assert set(layout.skipped) == {"0002_gone.sql", "0003_own.sql"}
    (place(files) / "meta/_journal.json").write_text("[]")
    with pytest.raises(TargetError, match="not the journal that Drizzle writes"):
        recognised(place({}))


def test_flyway_goes_by_numbers(place):
    files = [
        "V2__b.sql",
        "V10__d.sql",
        "V2_1__c.sql",
        "more/V1.5__a.sql",
        "R__z.sql",
        "R__y.sql",
        "U2__b.sql",
        "afterMigrate.sql",
    ]
    layout = recognised(place(files))
    assert layout.tool == "Flyway"
    assert names(layout) == ["V1.5__a.sql", "V2__b.sql", "V2_1__c.sql", "V10__d.sql", "R__y.sql", "R__z.sql"]
    assert set(layout.skipped) == {"U2__b.sql", "afterMigrate.sql"}
    layout = recognised(place([*files, "B2.1__all.sql", "V10__e.sql"]))
    assert names(layout) == ["B2.1__all.sql", "V10__d.sql", "V10__e.sql", "R__y.sql", "R__z.sql"]
    assert layout.skipped["V2__b.sql"] == "B2.1__all.sql stands for it"
    assert layout.twice == {"V10__e.sql": "V10__d.sql"}


def test_sqitch_has_a_plan(place):
    plan = "%syntax-version=1.0.0\n\nb 2025 A <a@b> # x\na [b] 2025 A <a@b>\n@v1 2025 A <a@b>\n# no\nb [b@v1] 2025 A\n"
    plan += "gone 2025 A\n../../x 2025 A\n"
    files = {f"deploy/{name}.sql": "" for name in ("a", "b", "b@v1", "other")}
    where = place({"sqitch.plan": plan, "x.sql": "", **files})
    layout = recognised(where)
    assert (layout.tool, names(layout)) == ("sqitch", ["b@v1.sql", "a.sql", "b.sql"])
    assert set(layout.skipped) == {"gone.sql", "../../x.sql"}
    assert recognised(where / "deploy") == layout


def test_sqitch_may_keep_its_scripts_elsewhere(place):
    files = {"sqitch.plan": "a 2025 A\n", "sqitch.conf": "[core]\n\ttop_dir = db\n", "db/deploy/a.sql": ""}
    assert names(recognised(place(files))) == ["a.sql"]


def test_golang_migrate_keeps_the_way_back_beside(place):
    layout = recognised(place(["10_b.up.sql", "10_b.down.sql", "9_a.up.sql", "9_a.down.sql"]))
    assert (layout.tool, names(layout)) == ("golang-migrate", ["9_a.up.sql", "10_b.up.sql"])


@pytest.mark.parametrize(
    ("tool", "up", "down"),
    [("dbmate", "-- migrate:up", "-- migrate:down"), ("goose", "-- +goose Up", "-- +goose Down")],
)
def test_dbmate_and_goose_keep_the_way_back_within(place, tool, up, down):
    text = f"-- x\n{up}\ncreate table a (b int);\n\n{down}\ndrop table a;\n"
    layout = recognised(place({"2_b.sql": text, "1_a.sql": text, "seed.sql": ""}))
    assert (layout.tool, names(layout)) == (tool, ["1_a.sql", "2_b.sql"])
    applied = to_apply(text)
    assert "drop" not in applied
    assert applied.index("create") == text.index("create")


def test_plain_files_come_by_name(place):
    layout = recognised(place(["b.sql", "a.sql", "a.down.sql"]))
    assert (layout.tool, names(layout)) == ("plain SQL files", ["a.sql", "b.sql"])


def test_a_single_file_will_do(place):
    path = place(["schema.sql"]) / "schema.sql"
    assert recognised(path).files == (path,)


def test_a_directory_without_migrations_is_said_in_a_sentence(place, tmp_path):
    with pytest.raises(TargetError, match=r"there is no directory of migrations .*missing"):
        recognised(tmp_path / "missing")
    with pytest.raises(TargetError, match=r"there is no \.sql file in "):
        recognised(place([]))
    with pytest.raises(TargetError, match=r"did you mean .*prisma/migrations"):
        recognised(place(["prisma/migrations/1_a/migration.sql"]))


def test_the_projects_configuration_is_read(place):
    config = """
        [api]
        schemas = ["public", "shop"]
        [db]
        major_version = 15
        [db.seed]
        sql_paths = ["./seeds/*.sql", "../../outside.sql", "/etc/passwd"]
    """
    where = place({"config.toml": config, "migrations/1_a.sql": "", "seeds/b.sql": "", "seeds/a.sql": ""}, "supabase")
    config = config_beside(where / "migrations")
    assert (config.major_version, config.schemas) == (15, ("public", "shop"))
    assert [path.name for path in config.seeds] == ["a.sql", "b.sql"]


def test_a_configuration_may_be_missing_odd_or_broken(place):
    where = place(["migrations/1_a.sql", "seed.sql"], "supabase")
    assert config_beside(where / "migrations").schemas == ()
    (where / "config.toml").write_text("db = 3\n[api]\nenabled = false\nschemas = ['public']\n")
    assert config_beside(where / "migrations").schemas == ()
    assert [path.name for path in config_beside(where / "migrations").seeds] == ["seed.sql"]
    (where / "config.toml").write_text("[db\n")
    assert "not valid TOML" in config_beside(where / "migrations").note


def test_links_that_lead_out_are_refused_and_an_environment_is_not(tmp_path):
    (tmp_path / "elsewhere.sql").write_text("secret")
    place = tmp_path / "house" / "migrations"
    (place / ".hidden").mkdir(parents=True)
    (place / "venv").mkdir()
    (place / "venv" / "python").symlink_to(tmp_path / "elsewhere.sql")
    (place / "a").mkdir()
    (place / "a" / "migration.sql").write_text("select 1;")
    assert [path.parent.name for path in recognised(place).files] == ["a"]
    (place / ".hidden" / "migration.sql").symlink_to(tmp_path / "elsewhere.sql")
    with pytest.raises(TargetError, match="leads out of the project"):
        recognised(place)


def test_an_only_file_named_init_is_all_there_is(place):
    assert names(recognised(place(["00000000000000_init.sql"]))) == ["00000000000000_init.sql"]


def test_files_as_lovable_names_them_are_applied(place):
    name = "20250712001859-aceb9865-e009-4a9a-b81c-43d8e7a82421.sql"
    layout = recognised(place([name, "20250801000000_more.sql", "20250801000000-notes.sql"]))
    assert names(layout) == [name, "20250801000000_more.sql"]
    assert [*layout.skipped] == ["20250801000000-notes.sql"]
