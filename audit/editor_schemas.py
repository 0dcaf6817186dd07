"""JSON schemas of the files that people write, for their editors: ``python -m audit.editor_schemas``.

With ``--check`` it says whether they are up to date (exit status 1 if not).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from audit.access.declaration import AccessFile
from audit.settings import Settings
from audit.waiver_file import WaiverFile

FOLDER = Path(__file__).parents[1] / "schema"
FORMS: dict[str, Any] = {"audit": Settings, "access": AccessFile, "waivers": WaiverFile}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def text(name: str) -> str:
    """Return the JSON schema of ``name``.toml."""
    described = TypeAdapter(FORMS[name]).json_schema()
    return json.dumps({"$schema": DIALECT, **described, "title": f"{name}.toml"}, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Write the schemas, or check them; return the exit status."""
    stale = 0
    for name in FORMS:
        path = FOLDER / f"{name}.schema.json"
        if "--check" not in arguments:
            path.write_text(text(name), encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text(name):
            sys.stderr.write(f"schema/{path.name} is not up to date: run make docs\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
