"""The gate in a workflow, for action.yml: ``python -m reports.action``, with the inputs in the environment.

It works in the repository that calls it: its migrations, settings, declarations and waivers, its base. It leaves the
verdict to the last step of the action, so that reports are shown first; what it found is in the step's outputs and on
the page of the run. https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
OUTPUTS = "html,json,junit,sarif,markdown"

# Of each input of the action: the option, and where in the repository the file is looked for. Without one there is
# none: the files beside this program are those of the reference.
FILES = {
    "SETTINGS": ("--settings", ("audit.toml",)),
    "ACCESS": ("--access", ("access.toml", "schema/access.toml", "supabase/access.toml")),
    "WAIVERS": ("--waivers", ("waivers.toml",)),
}
BASELINES = ("baseline.toml",)
SHOWN = {"report": "audit.html", "json": "audit.json", "sarif": "audit.sarif", "markdown": "audit.md"}
SECRET = ("TOKEN", "GITHUB_", "ACTIONS_", "RUNNER_")
# Their workflows get a token that may only read, whatever they ask for.
READERS = ("dependabot[bot]",)


def event(given: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what set the workflow off, as far as it says."""
    path = given.get("GITHUB_EVENT_PATH")
    if not path or not Path(path).is_file():
        return {}
    told = json.loads(Path(path).read_text(encoding="utf-8"))
    return told if isinstance(told, dict) else {}


def base(given: Mapping[str, str], told: Mapping[str, Any]) -> str:
    """Return what the change is compared with: as asked for, the pull request's base, or the default branch."""
    branch = given.get("GITHUB_BASE_REF") or (told.get("repository") or {}).get("default_branch") or "main"
    return given.get("BASE") or f"origin/{branch}"


def may_write(given: Mapping[str, str], told: Mapping[str, Any]) -> bool:
    """Tell whether the workflow's token may upload and comment: not for a pull request that comes from a fork."""
    request = told.get("pull_request") or {}
    origin = ((request.get("head") or {}).get("repo") or {}).get("full_name")
    foreign = bool(request) and origin != given.get("GITHUB_REPOSITORY")
    return bool(given.get("TOKEN")) and not foreign and given.get("GITHUB_ACTOR") not in READERS


def options(given: Mapping[str, str], told: Mapping[str, Any], empty: Path) -> list[str]:
    """Return the options of the gate; ``empty`` is a file that stands for those that the repository has not.

    Raises ValueError when the input ``args`` cannot be split into words.
    """
    root = Path(given["GITHUB_WORKSPACE"])
    words = [f"--migrations={root / given['MIGRATIONS']}", f"--base={base(given, told)}"]
    for name, (option, places) in FILES.items():
        found = [root / place for place in places if (root / place).is_file()]
        words.append(f"{option}={root / given[name] if given.get(name) else next(iter(found), empty)}")
    baselines = [place for place in BASELINES if (root / place).is_file()]
    if baseline := given.get("BASELINE") or next(iter(baselines), ""):
        words.append(f"--baseline={root / baseline}")
    return [
        *words,
        f"--report-dir={root / given['REPORTS']}",
        f"--output={OUTPUTS}",
        *shlex.split(given.get("ARGS", "")),
    ]


def tell(given: Mapping[str, str], status: int, told: Mapping[str, Any]) -> None:
    """Write the step's outputs, and the report on the page of the run."""
    folder = Path(given["GITHUB_WORKSPACE"], given["REPORTS"])
    files = {name: folder / file for name, file in SHOWN.items()}
    document: dict[str, Any] = {}
    if files["json"].is_file():
        document = json.loads(files["json"].read_text(encoding="utf-8"))
    verdict = document.get("verdict") or f"Nothing was judged (exit status {status}): the log says why."
    results = {
        "verdict": verdict,
        "score": "" if (score := document.get("score")) is None else score,
        "exit-status": status,
        "may-write": str(may_write(given, told)).lower(),
        "pull-request": (told.get("pull_request") or {}).get("number", ""),
        **{name: path if path.is_file() else "" for name, path in files.items()},
    }
    lines = [f"{name}={' '.join(str(value).split())}\n" for name, value in results.items()]
    _append(given.get("GITHUB_OUTPUT"), "".join(lines))
    page = files["markdown"].read_text(encoding="utf-8") if files["markdown"].is_file() else f"{verdict}\n"
    _append(given.get("GITHUB_STEP_SUMMARY"), page)


def _append(place: str | None, text: str) -> None:
    if place:
        with open(place, "a", encoding="utf-8") as file:
            file.write(text)


def main() -> int:
    """Run the gate and tell; what it found does not fail this step."""
    given = os.environ
    told = event(given)
    # Reports of an earlier run must not be taken for this one's.
    for name in SHOWN.values():
        Path(given["GITHUB_WORKSPACE"], given["REPORTS"], name).unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".toml") as empty:
        try:
            words = options(given, told, Path(empty.name))
        except ValueError as error:
            print(f"args: {error}", file=sys.stderr)
            status = 4
        else:
            call = [sys.executable, "-m", "pytest", "policies", "--gate", *words]
            # The workflow and its token are no business of the gate's, which runs what the pull request brings.
            environment = {name: value for name, value in given.items() if not name.startswith(SECRET)}
            status = subprocess.call(call, cwd=HERE, env=environment)  # noqa: S603  our own program, and no shell
    tell(given, status, told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
