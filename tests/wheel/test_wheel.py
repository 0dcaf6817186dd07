"""The wheel: one name, no import of a checkout, metadata that fit, and nothing of ours left when it is uninstalled."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from audit.house import version
from tests.support.auditing import ROOT
from tests.support.waiting import LIMIT_S
from tests.wheel.conftest import Installed, repository

sys.path.insert(0, str(ROOT))
ROOMS = {"audit", "fixtures", "policies", "reports"}

# Imports every module of the package, and says which of them came from elsewhere.
IMPORT_ALL = """
import importlib, pkgutil, sys
import care_audit
found = pkgutil.walk_packages(care_audit.__path__, "care_audit.")
names = [each.name for each in found if not each.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
rooms = {"audit", "fixtures", "policies", "reports"}
print(len(names), sorted({name.partition(".")[0] for name in sys.modules} & rooms))
"""


def test_a_wheel_adds_one_name(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as file:
        names = {name.partition("/")[0] for name in file.namelist()}
        count = len(file.namelist())
    assert names == {"care_audit", f"care_collective_audit-{version()}.dist-info"}
    assert count > 300


def test_no_import_is_left_unqualified(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as file:
        left = [
            f"{name}: {each}"
            for name in file.namelist()
            if name.endswith(".py")
            for node in ast.walk(ast.parse(file.read(name)))
            for each in imported(node)
            if each.partition(".")[0] in ROOMS
        ]
    assert left == []


def imported(node: ast.AST) -> list[str]:
    match node:
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
        case ast.Import(names=names):
            return [each.name for each in names]
    return []


def test_every_module_can_be_imported_without_a_checkout(installed: Installed, tmp_path: Path) -> None:
    done = installed.call(tmp_path, "-c", IMPORT_ALL, program="python")
    count, others = done.out.split(maxsplit=1)
    assert int(count) > 150 and others.strip() == "[]", done.said


def test_a_team_may_have_packages_of_these_names(installed: Installed, tmp_path: Path) -> None:
    for room in (*ROOMS, "schema"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("raise RuntimeError('a package of the team')\n")
    done = installed.call(tmp_path, "list", "--severity=P0", PYTHONPATH=str(tmp_path))
    assert done.status == 0 and "RLS-07" in done.out, done.said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import audit.policy\n", "write import ... as"),
        ("import importlib\nimportlib.import_module('fixtures.policy')\n", "'fixtures.policy' names a module"),
        ("pytest_plugins = ['reports.folder']\n", "'reports.folder' names a module"),
    ],
)
def test_what_would_break_in_a_wheel_breaks_the_build(text: str, said: str) -> None:
    from hatch_build import put_right

    with pytest.raises(ValueError, match=re.escape(said)):
        put_right(text, "audit/example.py")


def test_imports_are_put_right_and_nothing_else_is() -> None:
    from hatch_build import put_right

    text = (
        '"""from audit.policy import x"""\n'
        "from audit.policy import ID  # from audit.policy\n"
        "import reports.model as model, json\n"
        "def f():\n    é = 'audit'; from fixtures import target\n"
        "from audit_log import audit\nfrom . import audit\nimport auditing\n"
    )
    assert put_right(text, "x.py") == (
        '"""from audit.policy import x"""\n'
        "from care_audit.audit.policy import ID  # from audit.policy\n"
        "import care_audit.reports.model as model, json\n"
        "def f():\n    é = 'audit'; from care_audit.fixtures import target\n"
        "from audit_log import audit\nfrom . import audit\nimport auditing\n"
    )


def test_metadata_have_ranges_and_extras(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as file:
        name = f"care_collective_audit-{version()}.dist-info/METADATA"
        told = Parser().parsestr(file.read(name).decode())
    needed = told.get_all("Requires-Dist") or []
    assert told["Version"] == version() and told["Requires-Python"] == ">=3.11"
    assert set(told.get_all("Provides-Extra") or []) == {"alerts", "container", "fleet"}
    assert needed and not [each for each in needed if "==" in each.partition(";")[0]]


def test_both_distributions_are_fit_for_an_index(distributions: Path) -> None:
    files = [*map(str, distributions.iterdir())]
    assert len(files) == 2
    check = [sys.executable, "-m", "twine", "check", "--strict", *files]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stdout


def test_the_version_is_said_and_in_one_place(installed: Installed, tmp_path: Path) -> None:
    assert installed.call(tmp_path, "--version").out == f"care-audit {version()}\n"
    assert f"## {version()}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "\nversion = " not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_release_fits_its_tag_and_the_changelog() -> None:
    from tests.release import unfit

    told = f"# Changelog\n\n## {version()}, 2027-01-01\n"
    assert unfit([], told) == unfit([f"v{version()}", "other"], told) == ""
    assert "CHANGELOG.md says nothing of" in unfit([], "# Changelog\n")
    assert "is tagged 9.9.9" in unfit(["v9.9.9"], told)
    assert "unreleased" in unfit([f"v{version()}"], told.replace("2027-01-01", "unreleased"))


def test_other_pythons_read_the_wheel(installed: Installed, tmp_path: Path) -> None:
    from tests import release

    assert release.unread(installed.wheel) == ""
    broken = tmp_path / "broken.whl"
    with zipfile.ZipFile(broken, "w") as files:
        files.writestr("a.py", "def f(:\n")
    assert "broken.whl" in release.unread(broken, [sys.executable])


def test_it_is_small(installed: Installed) -> None:
    size = sum(path.stat().st_size for path in installed.folder.rglob("*") if path.is_file() and not path.is_symlink())
    assert size < 250_000_000


OF_A_PACK = '''from pytest import mark


@mark.policy("ACME-01", severity="P2", runbook="Acme", fix="-- rename {object}")
def test_no_table_is_called_stuff(auditor):
    """No table is called stuff.

    Nobody knows what belongs there.
    """
    assert not auditor(
        "select c.oid::pg_catalog.regclass as object from pg_catalog.pg_class c where c.relname = 'stuff'",
        of="select count(*) as tables from pg_catalog.pg_class",
    )
'''


def test_a_pack_of_others_is_installed_as_a_package(installed: Installed, tmp_path: Path) -> None:
    """Its policies are asked where audit.toml selects it, and nowhere else; a broken one is told in a sentence."""
    place, packages = repository("plain", tmp_path), tmp_path / "packages"
    for name, text in {
        "acme_policies/__init__.py": "",
        "acme_policies/test_tables.py": OF_A_PACK,
        "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
        "acme-1.0.dist-info/entry_points.txt": "[care_audit.packs]\nacme = acme_policies\n",
    }.items():
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(text, encoding="utf-8")
    there = {"PYTHONPATH": str(packages)}
    (place / "sql" / "009_stuff.sql").write_text("create table public.stuff (id bigint primary key);\n")
    assert "ACME-01" not in installed.call(place, "list", **there).out
    assert "ACME-01" in installed.call(place, "list", "--all", **there).out
    done = installed.call(place, "check", "--", "-k", "test_no_table_is_called_stuff", **there)
    assert done.status == 5 and "ACME-01" not in done.out, done.said
    (place / "audit.toml").write_text("packs = ['core', 'acme']\n", encoding="utf-8")
    done = installed.call(place, "check", "--policy=ACME-01", **there)
    assert done.status == 1 and "ACME-01" in done.out and "public.stuff" in done.out, done.said
    done = installed.call(place, "check", "--policy=ACME-01")
    assert done.status == 4 and "unknown pack 'acme'" in done.said, done.said
    (packages / "acme_policies" / "test_tables.py").write_text("import nothing_like_it\n", encoding="utf-8")
    done = installed.call(place, "list", **there)
    assert done.status == 4 and "the pack acme cannot be used" in done.said, done.said


def test_uninstalling_leaves_one_folder_of_the_cache(installed: Installed, tmp_path: Path) -> None:
    """In an environment that ends with what it began with; the folder is named in the README."""
    folder, home = tmp_path / "environment", tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=LIMIT_S)
    before = {path.relative_to(folder) for path in folder.rglob("*") if "__pycache__" not in path.parts}
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", installed.wheel], check=True, timeout=LIMIT_S)
    # What it needs is in the other environment; it itself is the new one's.
    own, needed = (next((each / "lib").glob("python*/site-packages")) for each in (folder, installed.folder))
    place = repository("plain", tmp_path)
    done = Installed(folder, installed.wheel).call(
        place, "check", "--policy=PERF-04", PYTHONPATH=f"{own}:{needed}", HOME=str(home), XDG_CACHE_HOME=""
    )
    assert done.status == 1 and "plots_gardener_id_fkey" in done.out, done.said
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "care-collective-audit"], check=True, timeout=LIMIT_S)
    after = {path.relative_to(folder) for path in folder.rglob("*") if "__pycache__" not in path.parts}
    assert {path for path in after - before if "care_audit" not in path.parts} == set()
    assert [path.relative_to(home) for path in (home / ".cache").iterdir()] == [Path(".cache/care-collective-audit")]
    assert {path.name for path in home.iterdir()} <= {".cache", "tmp"}
    assert "`~/.cache/care-collective-audit`" in (ROOT / "README.md").read_text(encoding="utf-8")


SUITE = """
def test_of_the_team():
    from fixtures import answer
    assert answer == 42
"""
ASKING = """
def test_a_stranger_sees_no_plots_of_others(stranger):
    assert not stranger("select id as object from public.plots where gardener_id <> auth.uid()")

def test_everybody_sees_gardens(anon):
    assert anon("select id as object from public.gardens")
"""


def test_a_teams_own_suite_can_use_it(installed: Installed, tmp_path: Path) -> None:
    """Inert where nothing is asked for; else the database of the project is built, and people act in it."""
    place = repository("plain", tmp_path)
    (place / "fixtures.py").write_text("answer = 42\n", encoding="utf-8")
    (place / "conftest.py").write_text('pytest_plugins = ["care_audit.plugin"]\n', encoding="utf-8")
    (place / "test_own.py").write_text(SUITE, encoding="utf-8")
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    done = installed.call(place, *words, program="python", PYTHONDONTWRITEBYTECODE="1")
    assert done.status == 0 and "1 passed" in done.out and "PostgreSQL" not in done.out, done.said
    (place / "test_access.py").write_text(ASKING, encoding="utf-8")
    done = installed.call(place, *words, program="python", PYTHONDONTWRITEBYTECODE="1")
    assert done.status == 0 and "3 passed" in done.out, done.said
