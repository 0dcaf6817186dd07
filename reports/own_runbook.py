# ruff: noqa: E501 -- the lines of a table in Markdown cannot be broken
"""docs/RUNBOOK.md: this project's own runbook, generated from the policies, so that it cannot go stale.

``python -m reports.own_runbook`` writes the file; with ``--check`` it says whether it is up to date (exit status 1 if
not). Every statement in it is audited by RUN-01 to RUN-04 against the reference database, as any other runbook's.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from audit.house import POLICIES
from audit.policy import CORE, Policy, Severity, collected
from audit.runbook.questions import known, question
from reports.escalation import RUNBOOK as ESCALATION

PAGE = Path(__file__).parents[1] / "docs" / "RUNBOOK.md"

# Policies about files that are given to a run are about no incident of the database.
# What the reference's own constraints rule out, so that a question for it would be one that can never be answered.
_RULED_OUT = frozenset({"MON-08"})
_ELSEWHERE = ("RUN-", "CONF-", "SETUP-", "MIG-", "DRIFT-")

HEAD = """\
# Runbook of the Care Collective database

Generated from the policies by `make docs`; do not edit. What is written here is what the audit asks: a statement that no
longer fits the database fails a test of this project before it fails somebody in an incident.

`service=prod` stands for your database everywhere: a service of libpq, or the variable `AUDIT_TARGET`. Statements are to
be pasted into psql, or into the SQL editor, one block at a time. What is in square brackets is to be filled in from the
finding.

"""

PROCEDURES = """\
## Procedures

### An incident

1. Ask what is critical, which takes seconds:

   ```bash
   make incident SEVERITY=P0 TARGET=service=prod
   ```

2. The report names the objects, the statement that mends each, whom to call and by when. Look up the policy's id below.
3. Ask again once it is mended, then ask everything:

   ```bash
   make incident SEVERITY=P0 TARGET=service=prod
   make audit TARGET=service=prod
   ```

4. What is to be accepted for a while goes into `waivers.toml`, with a reason, an owner and a date.

### Every day

```bash
make nightly TARGET=service=prod ARGS="--alert-file=alerts.txt"
```

It keeps a history, tells what is new, and sends it to people. docs/operations.md has timers, crontab and exit statuses: 1
violated, 6 something unchecked, 4 it could not reach the database. A scheduler that watches the exit status rings.

### Every week

```bash
make nightly TARGET=service=prod ARGS="--deep --alert-file=alerts.txt"
make history
```

With `--deep` the indexes of the critical tables are compared with their tables. Autovacuum vacuums and analyzes on its
own; what it left undone, MAINT-01 names, each table with its statement. Statistics are never reset.

### Before a release

```bash
make gate MIGRATIONS=supabase/migrations BASE=origin/main
```

### Who may do what

To try what a member may do, take on the role for one transaction, and undo it:

```sql
begin;
select set_config('request.jwt.claims', '{"sub": "[user-uuid]", "role": "authenticated"}', true);
set local role authenticated;
select id, title, status from public.help_requests where id = '[request-id]';
rollback;
```

Row level security is never switched off for that. Who reaches what, for everybody at once, is in the report of
`make audit`.

"""

REPLACES = """\
## What replaces what

| what runbooks of this database have named | what does it now |
|---|---|
| `db:security-audit`, as an npm script | `make audit TARGET=service=prod`; its exit status says whether something is wrong |
| `verify-setup.js` | `make doctor TARGET=service=prod APP=dir`: variables and keys, the server, its version and extensions, migrations, the audit's login, walls, history and alerts; a line for each, and what to do |
| `analyze-query-performance.sql` and its health score | PERF-01 to PERF-11; the score of the report has its formula beside it, and a ceiling while anything critical is open |
| `db-maintenance.sh --auto-vacuum` | autovacuum; MAINT-01, PERF-02 and PERF-07 name what it left undone, with the statement for each table |
| the view of unhealthy metrics | MON-02 to MON-08 and `audit.prom`; MON-07 asks the view itself, where there is one |
| the weekly script | `make nightly ... ARGS="--deep"`, which reads the statistics and resets none |
| the verification of backups | MAINT-05: archiving works, and when it last did. Restoring is the provider's; try it on a project of its own, and audit that with `make audit TARGET=...` |
| the runbook itself | this file; any other is audited by `make runbook FILE=runbook.md TARGET=service=prod` |

"""


def page() -> str:
    """Return the text of docs/RUNBOOK.md."""
    values = known()
    parts = [HEAD, "\n".join(_severities()), "\n\n", PROCEDURES, REPLACES]
    policies = [policy for policy in collected(POLICIES) if not policy.id.startswith(_ELSEWHERE)]
    chapters: dict[str, list[Policy]] = {}
    for policy in policies:
        chapters.setdefault(policy.runbook.partition(":")[0], []).append(policy)
    for chapter, found in chapters.items():
        parts.append(f"## {chapter}\n\n")
        for policy in sorted(found, key=lambda policy: (policy.severity, policy.id)):
            parts.append("\n".join(_entry(policy, question(policy, values))) + "\n\n")
    return "".join(parts).rstrip("\n") + "\n"


def _severities() -> Iterator[str]:
    yield "## Severities, and whom to call\n"
    yield "| severity | whom | by when |"
    yield "|---|---|---|"
    for severity in Severity:
        told = ESCALATION[severity]
        yield f"| {severity}, {told.meaning} | {told.whom} | {told.limits} |"


def _entry(policy: Policy, asked: str) -> Iterator[str]:
    told = ESCALATION[policy.severity]
    pack = "" if policy.pack == CORE else f", pack {policy.pack}"
    yield f"### {policy.id} ({policy.severity}{pack}): not so: {policy.title.removesuffix('.')}\n"
    yield f"**Symptom and meaning.** {_unspanned(policy.explanation)}\n"
    asked = "" if policy.id in _RULED_OUT else asked
    if asked:
        yield "**Diagnosis.** Whatever this returns offends:\n"
        yield f"```sql\n{asked}\n```\n"
    yield f"**{'Or' if asked else 'Diagnosis'}, with the judgement:**\n"
    yield f'```bash\nmake audit TARGET=service=prod ARGS="-k {policy.id}"\n```\n'
    statements, advice = _repair(policy)
    if advice:
        yield f"**Repair.** {advice}\n"
    if statements:
        yield f"**{'Or' if advice else 'Repair.'}**\n" if advice else "**Repair.**\n"
        yield f"```sql\n{statements}\n```\n"
    yield f"**Call.** {told.whom[0].upper()}{told.whom[1:]}: {told.limits}."


def _unspanned(text: str) -> str:
    """Return an explanation as Markdown; in docstrings code stands between two backticks."""
    return text.replace("``", "`")


_FIELD = re.compile(r"\{(\w+)\}")


def _repair(policy: Policy) -> tuple[str, str]:
    """Return what mends an offender: a statement that can be pasted, if there is one, and what else is to be said."""
    lines = policy.fix.strip().splitlines()
    advice = " ".join(line.strip().removeprefix("--").strip() for line in lines if line.lstrip().startswith("--"))
    code = "\n".join(re.sub(r"\s*--.*", "", line) for line in lines if not line.lstrip().startswith("--")).strip()
    fields = set(_FIELD.findall(code))
    if code and (policy.id in _RULED_OUT or fields - {"object"} or "%" in code):
        return "", _filled(advice) or "The report of the finding has the statement, filled in for the object."
    if fields - {"object"} or not (advice or code) or set(_FIELD.findall(advice)) - {"object"}:
        return "", "The report of the finding says what mends it, for the object as it is here."
    code = _as_live(_filled(code))
    if code.count(";") > 1 and "concurrently" not in code:
        code = f"begin;\n{code}\ncommit;"
    return code, _filled(advice)


def _filled(text: str) -> str:
    return _FIELD.sub(lambda found: f"[{found[1]}]", text)


_CREATE_INDEX = re.compile(r"create index on (?:(\w+)\.)?(\w+) \(([^)]*)\)")


def _as_live(code: str) -> str:
    """Return a repair as it is done on a live database, where nobody is to wait: concurrently, and not by rewriting."""

    def named(found: re.Match[str]) -> str:
        columns = "_".join(re.findall(r"\w+", re.sub(r"\b(?:asc|desc)\b", "", found[3])))
        return (
            f"create index concurrently if not exists idx_{found[2]}_{columns}\n"
            f"on {f'{found[1]}.' if found[1] else ''}{found[2]} ({found[3]})"
        )

    code = _CREATE_INDEX.sub(named, code)
    code = re.sub(r"drop index (?!concurrently)", "drop index concurrently if exists ", code)
    return textwrap.dedent(code.replace("vacuum (full, analyze)", "vacuum (analyze)"))


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit status."""
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write("docs/RUNBOOK.md is not up to date: run make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
