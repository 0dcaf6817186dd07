"""What the reports tell of new migrations, file by file: statements, what changed for whom, what other policies say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from reports.model import Run

if TYPE_CHECKING:
    from audit.gate.results import Rehearsed, Step

MOST_STEPS = 200
MOST_OBJECTS = 3
MOST_CHANGES = 12


def headline(each: Rehearsed) -> str:
    """Say in one line what became of a file."""
    statements = sum(step.statements for step in each.steps)
    wider = sum(cell.wider for cell in each.reached)
    counted = [
        (len(each.hazards.losses), "loses data", "lose data"),
        (wider, "reaches more", "reach more"),
        (sum(len(difference.new) for difference in each.differences), "newly offends", "newly offend"),
        (len(each.hazards.waits), "makes others wait", "make others wait"),
    ]
    told = [f"{number} {one if number == 1 else many}" for number, one, many in counted if number]
    number = f"{statements:,} statement{'' if statements == 1 else 's'}"
    became = f"{number} in {each.duration_ms / 1000:.1f} s" if each.migration.applied else "failed"
    return "; ".join([became, *told])


def some(objects: Iterable[str]) -> str:
    """Return the first few of some objects."""
    found = list(objects)
    more = f" and {len(found) - MOST_OBJECTS:,} more" if len(found) > MOST_OBJECTS else ""
    return ", ".join(found[:MOST_OBJECTS]) + more


def locks(step: Step) -> str:
    """Say which locks a statement took on relations that were there before, the strongest first."""
    found = sorted(step.taken, key=lambda lock: (not lock.blocks, lock.relation))
    return ", ".join(
        f"{lock.mode} on {lock.relation}{f' (stops {lock.blocks})' if lock.blocks else ''}" for lock in found
    )


def deeds(step: Step) -> str:
    """Say what a statement did to rows, files and the catalogue; one that was read from a report says so itself."""
    if said := getattr(step, "did", ""):
        return str(said)
    told = [f"stopped or failed: {step.error}"] if step.error else []
    told += [f"writes {name} anew" for name in (*step.rewritten, *step.rebuilt)]
    for table, moved in step.moved.items():
        counts = [
            (moved.inserted, "inserted"),
            (moved.updated, "updated"),
            (moved.deleted, "deleted"),
            (moved.scanned, "read"),
        ]
        rows = ", ".join(f"{number:,} {what}" for number, what in counts if number)
        told += [f"rows of {table}: {rows}"] if rows else []
    told += [str(change) for change in step.catalogue[:MOST_CHANGES]]
    if len(step.catalogue) > MOST_CHANGES:
        told.append(f"and {len(step.catalogue) - MOST_CHANGES:,} more changes")
    return "; ".join(told)


def document(run: Run) -> dict[str, Any] | None:
    """Return the gate's part of audit.json, or None where there was no gate."""
    if run.gate is None:
        return None
    return {
        "since": run.gate.since,
        "altered": list(run.gate.altered),
        "files": [_file(each) for each in run.gate.files],
    }


def _file(each: Rehearsed) -> dict[str, Any]:
    return {
        "file": each.file,
        "applied": each.migration.applied,
        "error": each.migration.error or "",
        "error_line": each.migration.line,
        "duration_ms": round(each.duration_ms, 3),
        "statements": [
            {
                "line": step.line,
                "statement": step.told,
                "count": step.statements,
                "duration_ms": round(step.duration_ms, 3),
                "locks": [{"relation": lock.relation, "mode": lock.mode, "blocks": lock.blocks} for lock in step.taken],
                "did": deeds(step),
                "hazardous": step.line in each.hazards.slow_lines or bool(step.error),
            }
            for step in each.steps
        ],
        "losses": [row.object for row in each.hazards.losses],
        "waits": [row.object for row in each.hazards.waits],
        "reach": [
            {
                "cell": cell.cell,
                "before": cell.before,
                "after": cell.after,
                "wider": cell.wider,
                "declared": not cell.undeclared,
            }
            for cell in each.reached
        ],
        "policies": [
            {
                "id": difference.policy,
                "title": difference.title,
                "severity": difference.severity,
                "reason": difference.reason,
                "before": difference.before,
                "after": difference.after,
                "new": list(difference.new),
                "mended": list(difference.mended),
            }
            for difference in each.differences
        ],
        "remarks": list(each.remarks),
    }


def markdown(each: Rehearsed) -> Iterator[str]:
    """Yield the lines of a list about one file, as plain texts, each to be made harmless where it is shown."""
    for cell in each.reached:
        undeclared = " (not declared)" if cell.wider and cell.undeclared else ""
        yield f"{cell.cell}: {cell.before} → {cell.after}{undeclared}"
    for difference in each.differences:
        parts = (("new", difference.new), ("mended", difference.mended))
        told = "; ".join(f"{what}: {some(objects)}" for what, objects in parts if objects)
        yield f"{difference.policy} {difference.before} → {difference.after} {told}".strip()
    for step in each.steps[:MOST_CHANGES]:
        told = "; ".join(filter(None, (locks(step), deeds(step))))
        yield f"line {step.line}, {step.duration_ms:.0f} ms: {step.told}{f': {told}' if told else ''}"
    if len(each.steps) > MOST_CHANGES:
        yield f"and {len(each.steps) - MOST_CHANGES:,} more statements in audit.json"
