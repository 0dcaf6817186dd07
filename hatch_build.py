"""How a wheel is made of the rooms: all of them go below ``care_audit``, and their imports of each other are put right.

A wheel adds one name to an environment. ``audit``, ``fixtures``, ``policies``, ``reports`` are names that a project may
well have itself, so that they are packages of care_audit there. Imports are found in the syntax tree. Other texts name
no module (audit/house.py); one that does makes the build fail.
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "care_audit"
ROOMS = ("audit", "fixtures", "policies", "reports")
DATA = ("schema",)
CODE = (*ROOMS, PACKAGE)
LEFT_OUT = ("out", "nightly", "__pycache__", "verbs.py", "action.py")
SUFFIXES = frozenset(
    {".yml", ".py", ".sql", ".toml", ".json", ".jinja", ".css", ".js", ".control", ".ini", ".txt", ".md"}
)

# A module of ours that is named in a text, with a dot in it: of the words without, nobody could tell.
NAMED = re.compile(rf"({'|'.join(ROOMS)})(\.[a-z_]+)+")


class WheelHook(BuildHookInterface):
    """Puts the rooms into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write what goes into the wheel to a folder, and say where it belongs."""
        if version == "editable":
            return
        self.folder = Path(tempfile.mkdtemp(prefix="care-audit-wheel-"))
        root = Path(self.root)
        for name in (*CODE, *DATA):
            copy(root / name, self.folder / PACKAGE / ("" if name == PACKAGE else name), root)
        build_data["force_include"][str(self.folder / PACKAGE)] = PACKAGE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the folder."""
        if version != "editable":
            shutil.rmtree(self.folder, ignore_errors=True)


def copy(source: Path, target: Path, root: Path) -> None:
    """Copy a room; imports of its Python files are put right."""
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if not path.is_file() or path.is_symlink() or path.suffix not in SUFFIXES or {*inside.parts} & {*LEFT_OUT}:
            continue
        place = target / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py":
            place.write_text(put_right(path.read_text(encoding="utf-8"), str(path.relative_to(root))), encoding="utf-8")
        else:
            shutil.copyfile(path, place)


def put_right(text: str, name: str) -> str:
    """Return a module's text with its imports of the rooms below ``care_audit``.

    Raises ValueError about an import that would bind another name then, and about a module named in a text.
    """
    lines = text.splitlines(keepends=True)
    nodes = [*ast.walk(ast.parse(text))]
    prefixed = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values[1:]}
    places = [place for node in nodes if id(node) not in prefixed for place in _places(node, name)]
    for row, column in sorted(places, reverse=True):
        line = lines[row - 1].encode()  # the syntax tree counts bytes
        lines[row - 1] = (line[:column] + f"{PACKAGE}.".encode() + line[column:]).decode()
    return "".join(lines)


def _places(node: ast.AST, name: str) -> list[tuple[int, int]]:
    """Return where in a text the name of a room begins that something is imported from."""
    match node:
        case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in ROOMS:
            return [(node.lineno, node.col_offset + len("from "))]
        case ast.Import(names=names):
            ours = [each for each in names if each.name.split(".")[0] in ROOMS]
            if any(each.asname is None for each in ours):
                raise ValueError(f"{name}, line {node.lineno}: write import ... as, or from ... import")
            return [(each.lineno, each.col_offset) for each in ours]
        case ast.Constant(value=str(value)) if NAMED.fullmatch(value) and not _is_a_name(value):
            raise ValueError(
                f"{name}, line {node.lineno}: {value!r} names a module; put PREFIX of audit.house before it"
            )
    return []


def _is_a_name(value: str) -> bool:
    """Tell whether a text that looks like a module is the name of something else: there is no such file."""
    here = Path(__file__).parent.joinpath(*value.split("."))
    return not (here.is_dir() or here.with_suffix(".py").is_file())
