"""The schema itself: what the runbook counts on, and what stands in the way of the next upgrade."""

from pytest import mark

from audit.advice import inert
from audit.probes.faults import faulty

RUNBOOK = "Quick Diagnostic Commands: schema"

# Relations that people made: not the server's, the platform's, an extension's, a session's, nor a partition's copy.
OWN_RELATIONS = """
own as (
    select c.oid, c.oid::regclass as relation, c.relkind, c.relname, n.nspname
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname <> all (%(platform_schemas)s) and n.nspname !~ '^pg_|^information_schema$'
    and c.relpersistence <> 't' and not c.relispartition
    and not exists (
        select from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
)
"""


@mark.policy(
    "SCHEMA-01",
    severity="P0",
    wrong="Objects that the runbook relies on are missing",
    runbook=RUNBOOK,
    fix="""
    -- {object} is missing: apply the migration that creates it again,
    -- or, if this project does without it, take it out of runbook_objects in audit.toml
    """,
)
def test_everything_that_the_runbook_relies_on_exists(auditor):
    """Every table, view, function and trigger that the runbook relies on exists.

    The list is runbook_objects in audit.toml. A function counts when it can be called with as many arguments as the
    runbook gives it. Without these objects the runbook's own steps fail in the middle of an incident, and the policies
    about them do not apply.
    """
    assert not auditor(
        """
        with wanted as (
            select object, parts[1] as kind, parts[2] as name, parts[3] as relation
            from unnest(%(runbook_objects)s::text[]) as object,
            regexp_match(object, '^(table|view|function|trigger) (.+?)(?: on (.+))?$') as parts
        ), there as (
            select case when c.relkind in ('r', 'p', 'f') then 'table' else 'view' end as kind,
                   n.nspname || '.' || c.relname as name, c.oid
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'f', 'v', 'm')
        )
        select w.object from wanted w
        where not exists (select from there t where t.kind = w.kind and t.name = w.name)
        and not exists (
            select from pg_catalog.pg_trigger g join there t on t.oid = g.tgrelid
            where w.kind = 'trigger' and g.tgname = w.name and t.name = w.relation)
        and not exists (
            select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            cross join lateral cardinality(array_remove(string_to_array(
                btrim(substring(w.name from '[(](.*)[)]')), ','), '')) as given
            where w.kind = 'function' and n.nspname || '.' || p.proname = split_part(w.name, '(', 1)
            and given between p.pronargs - p.pronargdefaults and p.pronargs)
        """,
        of="""select cardinality(%(runbook_objects)s::text[]) as "objects of the runbook" """,
    )


@mark.policy(
    "SCHEMA-02",
    severity="P2",
    wrong="Tables have no primary key",
    runbook=RUNBOOK,
    fix="-- {object}: declare a primary key, which has to contain the columns that the table is partitioned by",
)
def test_every_table_has_a_primary_key(auditor):
    """Every table has a primary key.

    Without one a row cannot be named: repairs hit its twins too, logical replication refuses updates, and the API
    cannot update single rows. Partitions follow their parent and are not counted.
    """
    assert not auditor(
        f"""
        with {OWN_RELATIONS}
        select o.relation as object,
            case
            when unused.index is not null then
                format('alter table %%s add primary key using index %%I;', o.relation, unused.index)
            when o.relkind = 'r' then format(
                'alter table %%s add column %%I bigint generated always as identity primary key;', o.relation,
                (select name from unnest(array['id', 'row_id', 'row_key']) with ordinality as n (name, place)
                 where not exists (
                     select from pg_catalog.pg_attribute a where a.attrelid = o.oid and a.attname = name)
                 order by place limit 1))
            end as fix
        from own o
        left join lateral (
            select ic.relname as index
            from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
            where i.indrelid = o.oid and o.relkind = 'r' and i.indisunique and i.indisvalid and i.indimmediate
            and i.indpred is null and i.indexprs is null and 0 = all (i.indoption::int2[])
            and not exists (select from pg_catalog.pg_constraint c where c.conindid = i.indexrelid)
            and not exists (
                select from unnest(i.indkey::int2[], i.indclass::pg_catalog.oid[], i.indcollation::pg_catalog.oid[])
                    as key (attnum, opclass, collid)
                join pg_catalog.pg_opclass p on p.oid = key.opclass
                join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum = key.attnum
                where not p.opcdefault or key.collid <> a.attcollation)
            and not exists (
                select from unnest(i.indkey::int2[]) as key join pg_catalog.pg_attribute a
                on a.attrelid = o.oid and a.attnum = key where not a.attnotnull)
            order by ic.relname limit 1
        ) as unused on true
        where o.relkind in ('r', 'p')
        and not exists (select from pg_catalog.pg_index i where i.indrelid = o.oid and i.indisprimary)
        """,
        of=f"with {OWN_RELATIONS} select count(*) as tables from own where relkind in ('r', 'p')",
    )


@mark.policy(
    "SCHEMA-03",
    severity="P1",
    wrong="Profiles do not hang on their users",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="-- see the finding's own fix",
)
def test_a_profile_goes_with_its_user(auditor):
    """The id of public.profiles references auth.users, validated, and is deleted with the user.

    Otherwise deleting an account leaves the person's data behind, or cannot be done at all.
    """
    assert not auditor(
        """
        select 'public.profiles.id' as object,
            coalesce(string_agg('drops constraint ' || quote_ident(k.conname), ', '), 'no foreign key') as found,
            concat(
                E'-- Profiles without a user come first (AUTH-02). From then on a profile and all of it goes with'
                || ' its user:\n-- ',
                string_agg(
                    'alter table public.profiles drop constraint '
                    || regexp_replace(quote_ident(k.conname), '[[:cntrl:]]', ' ', 'g') || '; ', ''),
                'alter table public.profiles add foreign key (id) references auth.users (id) on delete cascade;') as fix
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'id'
        left join pg_catalog.pg_constraint k on k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
        left join pg_catalog.pg_class f on f.oid = k.confrelid and f.relname = 'users'
            and f.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = 'auth')
        where n.nspname = 'public' and c.relname = 'profiles' and c.relkind in ('r', 'p')
        -- Another column than the id may say whose profile it is.
        and not exists (
            select from pg_catalog.pg_constraint o
            where o.contype = 'f' and o.conrelid = c.oid and cardinality(o.conkey) = 1 and o.conkey <> array[a.attnum]
            and o.confrelid = pg_catalog.to_regclass('auth.users') and o.confdeltype = 'c' and o.convalidated)
        having count(*) > 0 and count(*) filter (where f.oid is not null and k.confdeltype = 'c' and k.convalidated) = 0
        """,
        of="""
        select count(*) as "tables public.profiles" from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relname = 'profiles' and c.relkind in ('r', 'p')
        """,
    )


@mark.policy(
    "SCHEMA-04",
    severity="P1",
    wrong="Functions are broken",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {error}
    -- Write its body anew after what it refers to was renamed or dropped. Of two functions that the API cannot tell
    -- apart, drop the one that is not used.
    """,
)
def test_no_function_is_broken(alice, admin):
    """No function is broken: none fails on a missing column, relation or function, on an ambiguous call, or by itself.

    The server reads the statements of a function only when they are reached, so that a column can be renamed and the
    function fails weeks later. All are called with ids and words of the made-up rows, those that only the server may
    call without a caller as well; all triggers fire, with a caller and without; bodies in SQL are read again; what
    `when others` would pass over is raised. By itself a function fails that leaves out a column which must be filled,
    writes a literal that no check takes, or makes a table that is there already when it is called again. Two functions
    of one name count when one set of named arguments fits both: the API then refuses to choose. Functions that reach
    out of the database are not called: they leave this policy unchecked.
    """
    assert not faulty(alice | admin)


CHANGED = """
format('alter table %%s alter column %%I type timestamptz using %%I at time zone ''UTC'';', o.relation, a.attname,
       a.attname)
"""


@mark.policy(
    "SCHEMA-05",
    severity="P3",
    wrong="Columns hold timestamps without a time zone",
    runbook=RUNBOOK,
    fix="""
    -- Ask first in which time zone the values of {object} were meant: with another one than UTC all of them move.
    -- Functions that compare it, and clients, see another type then. The table is locked while it is written anew:
    -- alter table {relation} alter column {column} type timestamptz using {column} at time zone 'UTC';
    """,
)
def test_points_in_time_have_a_time_zone(auditor):
    """No column of a table is a timestamp without time zone.

    Such a value means another moment to each reader. The fix takes the values for UTC: ask first what they were. What a
    table inherits is its parent's.
    """
    assert not auditor(
        f"""
        with {OWN_RELATIONS}
        select format('%%s.%%I', o.relation, a.attname) as object, o.relation, a.attname as "column",
               case
               -- What the server refuses to change beneath them.
               when a.attgenerated <> '' or exists (
                   select from pg_catalog.pg_depend d
                   where d.refclassid = 'pg_catalog.pg_class'::regclass
                   and (d.refobjid, d.refobjsubid) = (o.oid, a.attnum)
                   and d.classid in ('pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_policy'::regclass,
                                     'pg_catalog.pg_trigger'::regclass))
               then format(
                   E'-- Views, policies, triggers or a generated column are made of it: drop them, change the type, '
                   || E'make them anew:\n-- %%s', {inert(CHANGED)})
               -- Of many values at once the session's time zone decides.
               when t.typcategory = 'A' then format(
                   E'-- Ask first in which time zone the values were meant, and set that for the session:\n'
                   || '-- alter table %%s alter column %%s type timestamptz[] using %%s::timestamptz[];',
                   {inert("o.relation::text")}, {inert("quote_ident(a.attname)")}, {inert("quote_ident(a.attname)")})
               end as fix
        from own o join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
        join pg_catalog.pg_type t on t.oid = a.atttypid
        left join pg_catalog.pg_type base on base.oid in (t.typbasetype, t.typelem)
        where o.relkind in ('r', 'p') and a.attinhcount = 0
        and 'pg_catalog.timestamp'::regtype in (t.oid, base.oid)
        """,
        of=f"""
        with {OWN_RELATIONS}
        select count(*) as columns from own o
        join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
        where o.relkind in ('r', 'p')
        """,
    )


@mark.policy(
    "SCHEMA-06",
    severity="P2",
    wrong="Columns or foreign keys stand in the way of an upgrade",
    runbook=RUNBOOK,
    fix="-- see the finding's own fix",
)
def test_nothing_stands_in_the_way_of_upgrades(auditor):
    """No column has a reg* type that pg_upgrade refuses, and no foreign key hangs on a unique constraint of auth.

    Both make an upgrade of the platform fail half way. Types refused are those whose values are numbers that change
    with the upgrade (https://www.postgresql.org/docs/current/pgupgrade.html); regclass, regrole and regtype are kept.
    The auth schema's primary keys are stable, its other unique constraints are the platform's to change.
    """
    assert not auditor(
        f"""
        with recursive {OWN_RELATIONS}, made_of (outer_type, inner_type) as (
            select oid, typbasetype from pg_catalog.pg_type where typbasetype <> 0
            union all
            select oid, typelem from pg_catalog.pg_type where typelem <> 0
            union all
            select c.reltype, a.atttypid from pg_catalog.pg_class c
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and not a.attisdropped where c.relkind = 'c'
        ), refused as (
            select oid from pg_catalog.pg_type
            where typnamespace = 'pg_catalog'::regnamespace and typname in (
                'regcollation', 'regconfig', 'regdictionary', 'regnamespace', 'regoper', 'regoperator', 'regproc',
                'regprocedure')
            union
            select m.outer_type from refused r join made_of m on m.inner_type = r.oid
        )
        select format('%%s.%%I', o.relation, a.attname) as object, a.atttypid::regtype::text as type,
            case when o.relkind = 'm' then '-- Make the materialised view anew, with the column as text.'
            else format(E'-- See what compares it (functions, views, clients), for they will meet a text. Then:\n'
                        || '-- alter table %%s alter column %%s type text;', {inert("o.relation::text")},
                        {inert("quote_ident(a.attname)")}) end as fix
        from own o join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
        where o.relkind in ('r', 'p', 'm') and a.atttypid in (select oid from refused)
        union all
        select format('%%I on %%s', k.conname, o.relation), k.confrelid::regclass::text,
            format(E'-- Reference the primary key of %%s instead, so that the rows still go with theirs. Then:\n'
                   || '-- alter table %%s drop constraint %%s;', {inert("k.confrelid::regclass::text")},
                   {inert("o.relation::text")}, {inert("quote_ident(k.conname)")})
        from own o join pg_catalog.pg_constraint k on k.conrelid = o.oid and k.contype = 'f'
        join pg_catalog.pg_class f on f.oid = k.confrelid
        join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace and fn.nspname = 'auth'
        join pg_catalog.pg_index i on i.indexrelid = k.conindid
        where not i.indisprimary
        """,
        of=f"with {OWN_RELATIONS} select count(*) as relations from own where relkind in ('r', 'p', 'm')",
    )
