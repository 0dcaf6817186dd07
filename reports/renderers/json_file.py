"""audit.json: the whole run, for programs. Its form is reports/schema.json (closed: nothing else is ever in it)."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

from audit.access.results import Judgement
from audit.evidence import Scalar, safe
from audit.policy import Severity
from audit.results import Build, Migration, Sizes, Verdict
from reports import causes, conduct, controls, gate, matrix, runbook, wording
from reports.escalation import Escalation
from reports.model import SCHEMA_VERSION, SCORE_FORMULA, Changes, Finding, Result, Run, Waiver


def render(run: Run) -> str:
    """Return the run as JSON text, in ASCII: nothing in it can be misread by a terminal or a wrong decoder."""
    return json.dumps(document(run), indent=2, allow_nan=False) + "\n"


def document(run: Run) -> dict[str, Any]:
    """Return the run as plain JSON types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "started_at": _utc(run.started_at),
        "duration_s": round(run.duration_s, 3),
        "exit_status": run.exit_status,
        "ended_by": run.ended_by,
        "unreachable": run.unreachable,
        "verdict": wording.verdict_line(run),
        "headline": causes.headline(run),
        "complete": run.complete,
        "selected": {"policies": len(run.results), "of": max(run.offered, len(run.results))},
        "score": run.score,
        "score_formula": "" if run.selective else SCORE_FORMULA,
        "target": {
            "kind": run.target.kind,
            "server_version": run.target.server_version,
            "database": run.target.database,
            "role": run.target.role,
        },
        "identity": {
            "tool": run.identity.tool,
            "place": run.identity.place,
            "commit": run.identity.commit,
            "digests": dict(run.identity.digests),
        },
        "counts": {verdict.value: number for verdict, number in run.counts().items()},
        "policies": [_policy(result) for result in run.results],
        "migrations": [_migration(migration) for migration in run.migrations],
        "build": run.build and _build(run.build),
        "strict_waivers": run.strict_waivers,
        "unused_waivers": [{"policy": waiver.policy} | _waiver(waiver) for waiver in run.unused_waivers],
        "notes": list(run.notes),
        "matrix": run.matrix and _matrix(run.matrix),
        **conduct.document(run),
        "problems": list(run.problems),
        "changes": run.changes and _changes(run.changes),
        "trend": [
            {
                "started_at": _utc(past.started_at),
                "complete": past.complete,
                "counts": {verdict.value: past.counts[verdict] for verdict in Verdict},
            }
            for past in run.trend
        ],
        "sizes": run.sizes and _sizes(run.sizes),
        "sizes_before": run.sizes_before and _sizes(run.sizes_before),
        "escalation": {severity.value: _escalation(run.escalation[severity]) for severity in Severity},
        "gate": gate.document(run),
        "runbook": runbook.document(run),
    }


def _escalation(asked: Escalation) -> dict[str, Any]:
    return {
        "meaning": asked.meaning,
        "call": asked.call,
        "steps": [{"minutes": int(limit.total_seconds()) // 60, "what": step} for limit, step in asked.steps],
        "otherwise": asked.otherwise,
    }


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def _sizes(sizes: Sizes) -> dict[str, Any]:
    return {"at": _utc(sizes.at), "bytes": dict(sizes.bytes)}


def _changes(changes: Changes) -> dict[str, Any]:
    return {
        "previous": changes.previous and _utc(changes.previous),
        "events": [
            {
                "change": event.change.value,
                "policy": event.policy,
                "object": event.object,
                "severity": event.severity.value,
                "since": _utc(event.since),
            }
            for event in changes.events
        ],
    }


def _policy(result: Result) -> dict[str, Any]:
    population = result.population
    return {
        "id": result.id,
        "name": result.name,
        "severity": result.severity.value,
        "title": result.title,
        "wrong": result.wrong,
        "pack": result.pack,
        "explanation": result.explanation,
        "runbook": result.runbook,
        "verdict": result.verdict.value,
        "reason": result.reason,
        "remedy": result.remedy,
        "fix": result.fix,
        "grants": [*result.grants],
        "controls": controls.of(result.id),
        "partial": result.partial,
        "population": population
        and {"count": population.count, "of": population.of, "estimated": population.estimated},
        "duration_ms": round(result.duration_ms, 3),
        "findings": [_finding(finding) for finding in result.findings if not finding.told_by],
        "repeated": [{"object": each.object, "told_by": each.told_by} for each in result.findings if each.told_by],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    waiver = finding.waiver
    return {
        "object": finding.object,
        "details": {name: _scalar(value) for name, value in finding.details.items()},
        "fix": finding.fix,
        "location": finding.location and {"file": finding.location.file, "line": finding.location.line},
        "cause": {"kind": finding.cause.kind, "name": finding.cause.name, "table": finding.cause.table},
        "stands_for": [*finding.stands_for],
        "since": finding.since and _utc(finding.since),
        "waiver": waiver and _waiver(waiver) | {"expired": finding.waiver_expired},
    }


def _scalar(value: Scalar) -> Scalar:
    # JSON knows no infinity and no NaN; PostgreSQL's floats do.
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "object": waiver.object,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires and waiver.expires.isoformat(),
        "line": waiver.line,
    }


def _matrix(judgement: Judgement) -> dict[str, Any]:
    return {
        "summary": matrix.summary(judgement),
        "doubts": list(judgement.doubts),
        "undeclared": list(judgement.undeclared),
        "remarks": list(judgement.misfits),
        "cells": [
            {
                "actor": cell.actor,
                "relation": cell.relation,
                "command": cell.shape.split()[0],
                "shape": cell.shape,
                "verdict": str(cell.verdict),
                "declared": list(cell.declared),
                "rows": cell.rows,
                "reached": cell.reached,
                "beyond": cell.leaked,
                "missing": cell.missing,
                "refused_by": cell.refused_by,
                "policies": list(cell.policies),
                "note": cell.note,
            }
            for cell in judgement.cells
        ],
    }


def _migration(migration: Migration) -> dict[str, Any]:
    return {
        "file": migration.file,
        "applied": migration.applied,
        "error": migration.error,
        "line": migration.line,
        "sqlstate": migration.sqlstate,
        "troubles": [
            {
                "line": each.line,
                "error": each.error,
                "sqlstate": each.sqlstate,
                "cause": each.cause,
                "set_aside": each.aside,
                "touched": [safe(str(thing)) for thing in each.touched],
            }
            for each in migration.troubles
        ],
    }


def _build(build: Build) -> dict[str, Any]:
    return {
        "summary": build.summary,
        "layout": build.layout,
        "files": build.files,
        "applied": build.applied,
        "tables": build.tables,
        "missing": list(build.missing),
        "created_nowhere": [safe(each.told) for each in build.nowhere],
        "advice": list(build.advice),
    }
