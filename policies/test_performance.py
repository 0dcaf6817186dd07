"""Runbook 5: performance."""

from pytest import mark

from fixtures.expressions import CALLED, REACHED, asks_for_every_row, compares_without_index

RUNBOOK = "5. Performance Issues"


@mark.policy(
    "PERF-08",
    severity="P2",
    runbook=RUNBOOK,
    fix="""
    -- In a sub-select the server asks once for the whole statement: (select auth.uid()). This wraps the calls that need
    -- no arguments, and current_setting(); a call whose arguments are no columns is to be wrapped by hand.
    do $fix$
    declare
        rule record;
        calls text;
    begin
        select * into strict rule from pg_catalog.pg_policy p
        where p.polname = {_label} and p.polrelid = {_of}::pg_catalog.regclass;
        select '(?<!SELECT )(current_setting[(]''[^'']*''::text(, (true|false))?[)]|\\m(' || coalesce(string_agg(
            regexp_replace(format('%I.%I', n.nspname, f.proname), '([^[:alnum:]_])', '\\\\\\1', 'g'), '|'), '$.')
            || ')[(][)])'
        into calls
        from pg_catalog.pg_depend d
        join pg_catalog.pg_proc f on f.oid = d.refobjid and f.pronargs = 0 and not f.proretset
        join pg_catalog.pg_namespace n on n.oid = f.pronamespace
        where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = rule.oid
        and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass;
        execute format('alter policy %I on %s', rule.polname, rule.polrelid::pg_catalog.regclass)
            || coalesce(' using (' || regexp_replace(
                pg_catalog.pg_get_expr(rule.polqual, rule.polrelid), calls, '(select \\&)', 'g') || ')', '')
            || coalesce(' with check (' || regexp_replace(
                pg_catalog.pg_get_expr(rule.polwithcheck, rule.polrelid), calls, '(select \\&)', 'g') || ')', '');
    end $fix$;
    """,
)
def test_policies_ask_once_who_is_calling(auditor):
    """Policies ask who the caller is once per statement, not per row.

    `auth.uid() = user_id` reads and parses the token for every row of the table; `(select auth.uid()) = user_id` does
    it once. The same goes for functions that read the claims themselves. One that is given a column cannot be taken out
    of the row, and is innocent; a sub-select that mentions a column of the row is evaluated for every row all the same.
    """
    assert not auditor(
        f"""
        with recursive {REACHED}
        select x.object, x.name::text as _label, x.relation::pg_catalog.regclass::text as _of,
               x."using" as _using, x."check" as _check, {CALLED}
        from rules x
        where x.roles <> '{{}}'
        """,
        of="select count(*) as policies from pg_catalog.pg_policy",
        where=asks_for_every_row,
    )


@mark.policy("PERF-09", severity="P2", runbook=RUNBOOK, fix="create index on {_relation} ({_name});")
def test_columns_compared_with_the_caller_have_an_index(auditor):
    """Columns that policies compare with the caller have an index.

    Row level security adds `user_id = (select auth.uid())` to every query of every member: without an index each of
    them reads the whole table. An index helps that begins with the column, or with columns that the policy compares,
    too. Lists of ids in one column and inequalities are not served by such an index and not asked for. The platform's
    own tables are not the project's to index.
    """
    assert not auditor(
        f"""
        with recursive {REACHED}
        select format('%%I of %%s', a.attname, c.oid::pg_catalog.regclass) as object, x.object as policy,
               c.oid::pg_catalog.regclass as _relation, a.attname as _name, a.attname::text as _column,
               case when c.oid <> x.relation then array[n.nspname::text, c.relname::text] end as _owner,
               x."using" as _using, x."check" as _check,
               coalesce((
                   select jsonb_agg((
                       select coalesce(jsonb_agg(before.attname), '[]')
                       from unnest((i.indkey::int2[])[0:place.n - 2]) as key
                       left join pg_catalog.pg_attribute before on before.attrelid = c.oid and before.attnum = key))
                   from pg_catalog.pg_index i
                   cross join lateral unnest(i.indkey::int2[]) with ordinality as place (attnum, n)
                   where i.indrelid = c.oid and place.attnum = a.attnum and place.n <= i.indnkeyatts
                   and i.indisvalid and i.indisready
                   and (i.indpred is null
                        or pg_catalog.pg_get_expr(i.indpred, i.indrelid) = format('(%%I IS NOT NULL)', a.attname))
               ), '[]') as _indexes,
               {CALLED}
        from rules x
        join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = x.oid
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjsubid > 0
        join pg_catalog.pg_class c on c.oid = d.refobjid and c.relkind in ('r', 'p')
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname not in ('auth', 'storage', 'realtime')
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
        where x.roles <> '{{}}' and not exists (
            select from pg_catalog.pg_index i
            where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indpred is null and i.indisvalid and i.indisready)
        """,
        of="select count(*) as policies from pg_catalog.pg_policy",
        where=compares_without_index,
    )


@mark.policy(
    "PERF-10",
    severity="P3",
    runbook=RUNBOOK,
    fix="""
    -- For {object}, more than one permissive policy applies: {policies}
    -- Make one policy of them: using (... or ...). A policy for all commands can be split by command.
    """,
)
def test_one_permissive_policy_applies(auditor):
    """No two permissive policies apply to one role and command.

    The server evaluates each of them for every row, and people reading the one forget that the other opens the table as
    well. Roles without the privilege do not count, and neither do roles that policies do not bind.
    """
    assert not auditor(
        f"""
        with recursive {REACHED}
        select format('%%s: %%s by %%s', x.relation::pg_catalog.regclass, w.command, role.name) as object,
               string_agg(quote_ident(x.name), ', ' order by x.name) as policies
        from rules x
        join pg_catalog.pg_policy p on p.oid = x.oid
        cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as w (command, code)
        join pg_catalog.pg_class c on c.oid = x.relation
        join lateral (
            select r.oid, r.oid::pg_catalog.regrole::text as name from pg_catalog.pg_roles r
            where not r.rolsuper and not r.rolbypassrls and r.oid <> c.relowner
            and (r.rolname = any (%(api_roles)s) and r.rolname = any (x.roles) or r.oid = any (p.polroles))
        ) as role on true
        where x.permissive and x.command in ('*', w.code::"char")
        and pg_catalog.has_schema_privilege(role.oid, c.relnamespace, 'usage')
        and case when w.command = 'delete' then pg_catalog.has_table_privilege(role.oid, c.oid, 'delete')
            else pg_catalog.has_any_column_privilege(role.oid, c.oid, w.command) end
        group by x.relation, w.command, role.name
        having count(*) > 1
        """,
        of="select count(*) as policies from pg_catalog.pg_policy where polpermissive",
    )
