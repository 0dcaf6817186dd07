"""Proof that a policy can tell that what it is about is not there: to fail on the very absence is no answer.

Whatever is of one kind is taken away from the reference database at once, or one object of the runbook alone; then all
policies are asked that do not look at all access at once.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from audit.probes.registration import FAILS
from audit.results import Verdict
from reports.model import Result
from tests.support.proving import OVERALL, POLICIES, Bench

EACH = "do $$ declare one text; begin for one in {} loop execute one; end loop; end $$"
OURS = "n.nspname = 'public'"

KINDS = {
    "foreign keys": f"""
        select format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) from pg_constraint k
        join pg_namespace n on n.oid = k.connamespace where k.contype = 'f' and {OURS}""",
    "checks": f"""
        select format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname) from pg_constraint k
        join pg_namespace n on n.oid = k.connamespace where k.contype = 'c' and {OURS}""",
    "keys": f"""
        select format('alter table %s drop constraint if exists %I cascade', k.conrelid::regclass, k.conname)
        from pg_constraint k join pg_namespace n on n.oid = k.connamespace where k.contype in ('p', 'u') and {OURS}""",
    "indexes": f"""
        select format('drop index %s', i.indexrelid::regclass) from pg_index i
        join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
        where {OURS} and not exists (select from pg_constraint k where k.conindid = i.indexrelid)""",
    "triggers": f"""
        select format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass) from pg_trigger t
        join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        where not t.tgisinternal and ({OURS} or c.oid = 'auth.users'::regclass)""",
    "policies": "select format('drop policy %I on %s', p.polname, p.polrelid::regclass) from pg_policy p",
    "views": f"""
        select format('drop view if exists %s cascade', c.oid::regclass) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'v' and {OURS}""",
    "functions": f"""
        select format('drop routine if exists %s cascade', p.oid::regprocedure) from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace where {OURS}""",
    "tables": f"""
        select format('drop table if exists %s cascade', c.oid::regclass) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and {OURS}""",
    "grants": f"""
        select format('revoke all on %s from anon, authenticated, service_role', c.oid::regclass) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm') and {OURS}""",
    "buckets": "select 'set session_replication_role = replica; truncate storage.buckets, storage.objects cascade'",
}


# What a project's own function fails on, which those policies tell that say that it must work.
FAILING = ("itself fails", "does not have a replica identity")


def told_elsewhere(unchecked: Result, results: Mapping[str, Result]) -> bool:
    """Tell whether another policy says what keeps one from being judged: it is not the question that fails.

    Of a function that is gone SCHEMA-01 tells, and the others refer to it. What signing up gives to somebody is
    not known (AUTH-07) while nobody can, and that nobody can is AUTH-04's to say.
    """
    if unchecked.id == "AUTH-07" and unchecked.reason.startswith(FAILS):
        return results["AUTH-04"].verdict is results["AUTH-03"].verdict is Verdict.VIOLATED
    return "see SCHEMA-01" in unchecked.remedy or any(words in unchecked.reason for words in FAILING)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_fails_on_what_is_not_there(bench: Bench, kind: str) -> None:
    bench.connection.execute("begin")
    try:
        bench.judgements = []
        bench.connection.execute(EACH.format(KINDS[kind]))
        asked = [name for name, policy in POLICIES.items() if name not in OVERALL and not policy.needs]
        results = {name: bench.ask(POLICIES[name], bench.connection) for name in asked}
    finally:
        bench.connection.execute("rollback")
        bench.judgements = bench.untouched
    unchecked = {name: each for name, each in results.items() if each.verdict is Verdict.UNCHECKED}
    blind = [f"{name}: {each.reason}" for name, each in unchecked.items() if not told_elsewhere(each, results)]
    assert not blind, "\n".join(blind)
