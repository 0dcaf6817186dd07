"""Runbook 6: row level security."""

import re

from pytest import mark

from audit.access.escalation import widened
from audit.advice import inert
from audit.catalog.calls import BODY, learned
from audit.catalog.captured import captured
from audit.catalog.claims import asks_for, users_claims
from audit.catalog.coverage import unseen
from audit.catalog.expressions import (
    EXPRESSIONS_OF_TABLE,
    OWN_RULES,
    RULES,
    RULES_OF_TABLE,
    SIBLINGS,
    hole,
    trusts_metadata,
    weak_within,
    weaknesses,
)
from audit.catalog.openings import openings
from audit.catalog.shown import rows_may_be_meant, saying_what_may_be_meant
from audit.names import OWNERS, private_columns, secret_columns
from audit.probes.evaluation import unusable
from audit.probes.oracles import telling
from audit.probes.parents import misplaced
from audit.probes.standing import risen

RUNBOOK = "6. Row Level Security Issues"

# Tables of the exposed schemas, and which API roles hold any privilege on them or on one of their columns. Columns:
# relation, security (whether row level security is on), platform (it is the platform's), roles, partition, guarded (an
# ancestor has row level security).
TABLES = """
with recursive ancestors as (
    select i.inhrelid as relation, i.inhparent as ancestor from pg_catalog.pg_inherits i
    union
    select a.relation, i.inhparent from ancestors a join pg_catalog.pg_inherits i on i.inhrelid = a.ancestor
),
tables as materialized (
    select c.oid::pg_catalog.regclass as relation, c.relrowsecurity as security, c.relispartition as partition,
           n.nspname = any (%(platform_schemas)s) as platform,
           array(
               select r.rolname::text from pg_catalog.pg_roles r
               where r.rolname = any (%(api_roles)s) and pg_catalog.has_schema_privilege(r.oid, n.oid, 'usage')
               and (pg_catalog.has_table_privilege(
                       r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
                    or pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references'))
           ) as roles,
           exists (select from ancestors a join pg_catalog.pg_class p on p.oid = a.ancestor
                   where a.relation = c.oid and p.relrowsecurity) as guarded
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = any (%(exposed)s) and c.relkind in ('r', 'p') and c.relpersistence <> 't'
    and not exists (
        select from pg_catalog.pg_depend e
        where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
)
"""

OPEN_TABLES = TABLES + """select count(*) as "exposed tables" from tables where roles <> '{}'"""

OF_POLICIES = """
select count(*) as "policies for API roles" from pg_catalog.pg_policy p
where exists (select from unnest(p.polroles) as named
              where named = 0 or exists (select from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s)
                                         and pg_catalog.pg_has_role(r.oid, named, 'usage')))
"""


ROWS_FIRST = """
-- {object}: decide who may reach which rows, and write policies that say so. Only then: alter table ... enable row
-- level security. Without policies that closes the table to everybody and to what has the caller's rights.
"""

# Where the policies are there, the switch is all that is missing; where the API has none, it locks everybody out.
SWITCHED_ON = """
case when exists (
    select from pg_catalog.pg_policy p
    where p.polrelid = {relation} and p.polpermissive
    and (0 = any (p.polroles) or exists (
        select from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s)
        and exists (select from unnest(p.polroles) as named where pg_catalog.pg_has_role(r.oid, named, 'usage')))))
then format('alter table %%s enable row level security;', {relation}::pg_catalog.regclass) end
"""


@mark.policy(
    "RLS-01",
    severity="P0",
    wrong="Everybody reaches whole tables: they have no row level security",
    runbook=RUNBOOK,
    fix=ROWS_FIRST,
)
def test_exposed_tables_have_row_level_security(auditor):
    """Every exposed table that an API role holds any privilege on has row level security.

    Without it every row is everybody's whom the grants let in, and Supabase's historic default grants let everybody in.
    A privilege on one column counts, and so do the privileges of PUBLIC. Partitions and children of a table that has
    row level security are RLS-16's.
    """
    assert not auditor(
        TABLES
        + f"""
        select t.relation as object, array_to_string(t.roles, ', ') as roles,
               {SWITCHED_ON.format(relation="t.relation")} as fix
        from tables t
        where t.roles <> '{{}}' and not t.security and not t.guarded
        and not (t.partition and exists (select from ancestors a join tables p on p.relation = a.ancestor
                                         where a.relation = t.relation and p.roles <> '{{}}'))
        """,
        of=OPEN_TABLES,
    )


@mark.policy(
    "RLS-02",
    severity="P0",
    wrong="Everybody reaches whole tables: their row level security is switched off",
    runbook=RUNBOOK,
    fix=ROWS_FIRST,
)
def test_tables_with_policies_have_them_switched_on(auditor):
    """No table has policies but row level security switched off.

    Its policies look right in every listing and do nothing. "Temporarily disabled", in an incident, leaves this behind.
    """
    assert not auditor(
        f"""
        select c.oid::pg_catalog.regclass as object, count(*) as policies,
               {SWITCHED_ON.format(relation="c.oid")} as fix
        from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
        where not c.relrowsecurity and c.relpersistence <> 't'
        and not exists (
            select from pg_catalog.pg_depend e
            where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
        group by c.oid
        """,
        of="""select count(distinct polrelid) as "tables with policies" from pg_catalog.pg_policy""",
    )


@mark.policy(
    "RLS-03",
    severity="P1",
    wrong="Tables are locked: row level security lets nobody through",
    runbook=RUNBOOK,
    fix="""
    -- If members are to reach {object}, write a policy that says which rows. If only the server is, say so in
    -- access.toml (server_only = true), or take the grants from {roles}: what looks at it with the caller's
    -- rights (policies, views, functions) fails then, and finds it empty now.
    """,
)
def test_no_exposed_table_is_locked(auditor):
    """No exposed table is locked: row level security and grants, but no permissive policy.

    Row level security without a policy refuses everybody, and reads as "no data". Where nothing says that anybody was
    to reach it (it has what default privileges give, or gave before they were taken back: everything to all API roles;
    no policy of any kind; and access.toml does not name it), that is how tables for the server alone are kept. Else
    they are declared server_only in access.toml, or have no grants.
    Partitions and inheritance children are reached through their parent; the platform's tables are the platform's.
    """
    assert not auditor(
        TABLES
        + """
        select t.relation as object, array_to_string(t.roles, ', ') as roles
        from tables t
        where t.security and not t.platform and not t.relation::text = any (%(server_only_tables)s)
        and exists (
            select from unnest(t.roles) as role
            where pg_catalog.has_table_privilege(role, t.relation, 'delete')
            or pg_catalog.has_any_column_privilege(role, t.relation, 'select, insert, update'))
        and not exists (select from pg_catalog.pg_policy p where p.polrelid = t.relation and p.polpermissive)
        and not exists (select from ancestors a where a.relation = t.relation)
        and (t.relation::text = any (%(declared_tables)s)
             or exists (select from pg_catalog.pg_policy p where p.polrelid = t.relation)
             or not (t.roles operator(pg_catalog.@>) %(api_roles)s::text[] and not exists (
                 select from unnest(t.roles) as role
                 cross join unnest(array['select', 'insert', 'update', 'delete']) as p
                 where not pg_catalog.has_table_privilege(role, t.relation, p)))
             and exists (
                 select from pg_catalog.pg_class c
                 cross join lateral (
                     select x.grantee, x.privilege_type from pg_catalog.aclexplode(c.relacl) as x
                     union all
                     select x.grantee, x.privilege_type from pg_catalog.pg_attribute a
                     cross join lateral pg_catalog.aclexplode(a.attacl) as x where a.attrelid = c.oid
                 ) as g
                 where c.oid = t.relation and g.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
                 and g.grantee <> c.relowner and (g.grantee = 0 or exists (
                     select from pg_catalog.pg_roles r where r.rolname::text = any (t.roles)
                     and pg_catalog.pg_has_role(r.oid, g.grantee, 'usage')))
                 and not exists (
                     select from pg_catalog.pg_default_acl d cross join lateral pg_catalog.aclexplode(d.defaclacl) as x
                     where d.defaclrole = c.relowner and d.defaclobjtype = 'r'
                     and d.defaclnamespace in (0, c.relnamespace)
                     and x.grantee = g.grantee and x.privilege_type = g.privilege_type)))
        """,
        of=OPEN_TABLES,
    )


# Whether the policy "y" of the table of "x" speaks of the same command and role.
OF_THE_SAME = """y.command in ('*', x.code::"char") and x.role = any (y.roles)"""

# Whether a column of the table x.relation names a person: by its name, or by a key to users or to what has their ids.
OF_SOMEBODY = """
(exists (select from pg_catalog.pg_attribute o where o.attrelid = x.relation and o.attname = any (%(owners)s))
 or exists (
    select from pg_catalog.pg_constraint k
    where k.conrelid = x.relation and k.contype = 'f'
    and (k.confrelid = pg_catalog.to_regclass('auth.users') or exists (
        select from pg_catalog.pg_constraint u
        join pg_catalog.pg_constraint i on i.conrelid = u.conrelid and i.conkey = u.conkey and i.contype in ('p', 'u')
        where u.conrelid = k.confrelid and u.contype = 'f' and u.confrelid = pg_catalog.to_regclass('auth.users')))))
"""


@mark.policy(
    "RLS-04",
    severity="P0",
    wrong="Policies are always true: everybody reads or writes rows of others",
    runbook=RUNBOOK,
    fix="""
    -- Policy {_name} on {_relation} lets every caller {command}. Decide whose rows they are, and alter the policy, or
    -- add restrictive ones that hold whatever else is allowed, with the column that names the owner (a visitor owns
    -- nothing):
    --   create policy ... on ... as restrictive for ... to authenticated using (... = (select auth.uid()));
    --   create policy ... on ... as restrictive for ... to anon using (false);
    -- or, for reading, declare the table public in access.toml. To drop the policy locks out all whom it lets in
    -- rightly, such as those who look up a team to join, or an invitation.
    """,
)
def test_no_policy_is_always_true(auditor):
    """No policy for API roles is always true: no write, and no read of rows that belong to somebody.

    "Always true" is judged by what is left after simplification, for each role that has the privilege:
    `auth.role() = 'authenticated'` lets every member in, and so does `owner = auth.uid() or true`. A write that looks
    at the row alone is everybody's too; reading such rows (`is_published`) is a declaration. A restrictive policy that
    looks at the caller closes the hole. What access.toml declares for everybody of a role is in order. A table that it
    does not name is told where its rows are somebody's: a policy compares one of its columns with the caller, or it
    has columns that are private by their name, or the policy itself asks for something beside what is true of every row
    (`is_published or team is not null`); another is a catalogue, as far as anybody can know. What may be said of
    a house or by it (an address, a body) counts beside a column that names a person. Storage and realtime have APIs of
    their own and count as exposed. As long as nothing is declared, a finding says where it may be meant: to read what
    is harmless by name and type, to add rows of which none names a person, or files to a bucket, and what whoever is
    signed in reads where nobody signs up by themselves.
    """
    calls = learned(auditor, OF_POLICIES)
    assert not auditor(
        f"""
        with {RULES},
        applied as (
            select x.*, role, w.command as doing, w.code, c.relnamespace
            from rules x
            cross join unnest(x.roles) as role
            cross join (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as w (command, code)
            join pg_catalog.pg_class c on c.oid = x.relation
            where x.command in ('*', w.code::"char")
            and (x.schema = any (%(exposed)s) or x.schema in ('storage', 'realtime'))
            and pg_catalog.has_schema_privilege(role, c.relnamespace, 'usage')
            and case when w.command = 'delete' then pg_catalog.has_table_privilege(role, x.relation, 'delete')
                else pg_catalog.has_any_column_privilege(role, x.relation, w.command) end
        )
        select x.object, x.role, x.doing as command, x.name as _name, x.relation::pg_catalog.regclass as _relation,
               x.command = '*' as _for_all,
               x."table" as _table, x."using" as _using, coalesce(x."check", x."using") as _check,
               array(select a.attname::text from pg_catalog.pg_attribute a
                     where a.attrelid = x.relation and a.attnum > 0 and a.attnotnull) as _never_null,
               array(select a.attname::text from pg_catalog.pg_attribute a
                     where a.attrelid = x.relation and a.attnum > 0 and not a.attisdropped
                     and pg_catalog.has_column_privilege(x.role, x.relation, a.attnum, 'update')) as _updatable,
               coalesce((select jsonb_agg(jsonb_build_array(y."using", coalesce(y."check", y."using")))
                         from {SIBLINGS} where {OF_THE_SAME} and not y.permissive), '[]') as _restrictive,
               array(select y."using" from {SIBLINGS}
                     where {OF_THE_SAME} and y.permissive and y."using" is not null) as _usings,
               array(select coalesce(y."check", y."using") from {SIBLINGS}
                     where {OF_THE_SAME} and y.permissive
                     and coalesce(y."check", y."using") is not null) as _checks,
               {EXPRESSIONS_OF_TABLE} as _others,
               (select jsonb_agg(jsonb_build_array(a.attname, y.typcategory, y.typname))
                from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid
                where a.attrelid = x.relation and a.attnum > 0 and not a.attisdropped
                and pg_catalog.has_column_privilege(x.role, x.relation, a.attnum, 'select')) as _columns,
               {OF_SOMEBODY} as _owned, %(declared_tables)s::text[] = '{{}}' as _undeclared,
               not %(sign_up)s::text[] && array['email', 'phone', 'anonymous'] as _closed,
               x.schema = any (%(platform_schemas)s)
               or x.relation::pg_catalog.regclass::text = any (%(declared_tables)s)
               or exists (select from pg_catalog.pg_attribute a
                          join pg_catalog.pg_type y on y.oid = a.atttypid
                              and y.typcategory not in ('B', 'N', 'D', 'T', 'E')
                          where a.attrelid = x.relation and a.attnum > 0 and not a.attisdropped
                          and (a.attname ~* %(secret)s or a.attname = any (%(private_columns)s)
                               or a.attname ~* %(private)s and {OF_SOMEBODY})) as _private,
               {RULES_OF_TABLE}
        from applied x
        where x.permissive
        and not (x.doing = 'select' and x.relation::pg_catalog.regclass::text = any (%(public_tables)s))
        and format('%%s %%s %%s', x.doing, x.role, x.relation::pg_catalog.regclass) <> all (%(opened)s)
        """,
        of=OF_POLICIES,
        secret=secret_columns({}),
        private=private_columns({}),
        owners=list(OWNERS),
        where=saying_what_may_be_meant(calls.following(hole), rows_may_be_meant),
    )


@mark.policy(
    "RLS-05",
    severity="P0",
    wrong="Policies fail with an error, so that nobody reaches the table",
    runbook=RUNBOOK,
    fix="""
    -- {command} on {object} fails for {actor}: {error}
    -- Infinite recursion: let the policy ask a SECURITY DEFINER function with a pinned search_path, not its own table.
    -- Permission denied: see whether it was revoked on purpose. If so, let the policy ask something else, or a function
    -- with its owner's rights that answers yes or no; if not, grant execute on the function to the roles of the policy.
    -- A value that cannot be read: compare as text, or make it null first, such as nullif(... ->> 'sub', '')::uuid.
    """,
)
def test_every_policy_can_be_evaluated(outsiders, alice, bob, admin):
    """Every policy can be evaluated: no recursion, no error, for every actor and table.

    A policy that fails takes the whole table with it, for everybody or for those without a user id, say. Each actor
    tries each command that the grants allow; refusals, constraints and triggers do not count. A function that visitors
    may not execute refuses them, where the policy has no other condition that could let them in.
    """
    assert not unusable(outsiders | alice | bob | admin)


@mark.policy(
    "RLS-06",
    severity="P0",
    wrong="Policies trust user_metadata, which users write themselves",
    runbook=RUNBOOK,
    fix="""
    -- Users write their own user_metadata; only the server writes app_metadata. Copy there what {object} asks for, for
    -- everybody who has it rightly (auth.users.raw_app_meta_data, by the server; it is in their next token). Then let
    -- the policy and the functions that it calls read app_metadata: before that, nobody would be let in any more.
    """,
)
def test_no_policy_trusts_user_metadata(auditor):
    """No policy trusts user_metadata, and neither does a function that a policy calls.

    Everybody writes their own user_metadata with one call of the client library, so a policy that looks for a role or a
    tenant there asks the attacker. app_metadata is the server's. Functions and views are followed at any depth, and a
    claim that the project's token hook copies from user_metadata is what it is made of.
    """
    calls = learned(auditor, OF_POLICIES)
    theirs = users_claims(calls)
    assert not auditor(
        f"""
        with {RULES}
        select x.object, x.name::text as _label, x.relation::pg_catalog.regclass::text as _of,
               x."using" as _using, x."check" as _check,
               {OWN_RULES}
        from rules x where x.roles <> '{{}}'
        """,
        of=OF_POLICIES,
        where=calls.following(lambda row: trusts_metadata(row) or asks_for(row, theirs)),
    )


@mark.policy(
    "RLS-10",
    severity="P1",
    wrong="The database does not know for sure who is calling",
    runbook=RUNBOOK,
    fix="""
    -- {object}: the functions do not tell who is calling. They are the platform's: let it restore
    -- them. As it defines them:
    -- create or replace function auth.uid() returns uuid language sql stable as $identity$
    --     select coalesce(
    --         nullif(current_setting('request.jwt.claim.sub', true), ''),
    --         nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
    -- $identity$;
    -- create or replace function auth.role() returns text language sql stable as $identity$
    --     select coalesce(
    --         nullif(current_setting('request.jwt.claim.role', true), ''),
    --         nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')::text
    -- $identity$;
    -- create or replace function auth.jwt() returns jsonb language sql stable as $identity$
    --     select coalesce(
    --         nullif(current_setting('request.jwt.claim', true), ''),
    --         nullif(current_setting('request.jwt.claims', true), ''))::jsonb
    -- $identity$;
    """,
)
def test_the_caller_is_one_person(anon, nobody, alice):
    """auth.uid(), auth.jwt() and auth.role() agree on who is calling, for every way the API sets claims.

    Policies mix the three. Where one reads other settings than the others, a caller is one person to one policy and
    somebody else, or nobody, to the next. The legacy way has no whole token, so auth.jwt() may be null there.
    """
    for person, role in ((anon, "anon"), (nobody, "authenticated"), (alice, "authenticated")):
        for way in ("json", "legacy", "both"):
            for function, question in {
                "auth.uid()": "select 1 where auth.uid()::text is not distinct from %(me)s::text",
                "auth.role()": "select 1 where auth.role() = %(role)s",
                "auth.jwt()": """
                    select 1 where %(way)s = 'legacy' and auth.jwt() is null
                    or auth.jwt() ->> 'sub' is not distinct from %(me)s::text and auth.jwt() ->> 'role' = %(role)s
                """,
            }.items():
                assert person.via(way)(
                    question, what=f"{function} by {way} claims", control="select 1", role=role, way=way
                )


CHECKS = "public.verify_rls_security()"


@mark.policy(
    "RLS-11",
    severity="P1",
    wrong="verify_rls_security() says what is not true",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}
    -- Mend what the check names (RLS-01 and RLS-02 say how); where the check is wrong, restore its definition.
    """,
)
def test_the_security_check_agrees(auditor):
    """verify_rls_security() agrees with the catalogue.

    Operators call it when they fear a leak; that it is there is SCHEMA-01's. It may leave tables out, but what it says
    of a table must be so, and it must not find everything in order while a table has no row level security.
    """
    assert not auditor(
        TABLES
        + """
        , told as (
            select v.table_name as name, v.has_rls as security, v.policy_count as policies,
                   v.status ~* '^[^[:alnum:]]*(pass|ok|good|healthy|active|enabled|success|true|secure|protected)'
                   as fine
            from pg_catalog.jsonb_to_recordset(%(told)s)
                as v (table_name text, has_rls boolean, policy_count bigint, status text)
        ),
        compared as (
            select t.*, c.oid, c.relrowsecurity as security_is,
                   (select count(*) from pg_catalog.pg_policy p where p.polrelid = c.oid) as policies_are
            from told t
            join pg_catalog.pg_namespace n on n.nspname = any (%(exposed)s)
            join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
                and (t.name in (n.nspname || '.' || c.relname, format('%%I.%%I', n.nspname, c.relname))
                     or n.nspname = 'public' and t.name in (c.relname, quote_ident(c.relname)))
        )
        select %(checks)s as object, problem, c.oid::pg_catalog.regclass::text as "table"
        from compared c
        cross join lateral (values
            (c.security is distinct from c.security_is, 'it is wrong about row level security'),
            (c.policies is distinct from c.policies_are, 'it counts policies wrongly'),
            (c.fine and not c.security_is, 'it finds a table in order that has no row level security')
        ) as found (wrong, problem)
        where wrong
        union all
        select %(checks)s, 'it finds everything in order although the API reaches a table without row level security',
               t.relation::text
        from tables t
        join pg_catalog.pg_class c on c.oid = t.relation and c.relnamespace = 'public'::pg_catalog.regnamespace
        where not t.security and not t.partition and t.roles <> '{}' and not exists (
            select from told where told.fine is not true)
        """,
        of="select pg_catalog.jsonb_array_length(%(told)s) as checks",
        first="""
        select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
            'table_name', v.table_name, 'has_rls', v.has_rls,
            'policy_count', v.policy_count, 'status', v.status)), '[]')
        from public.verify_rls_security() as v
        """,
        search_path="public, extensions",
        checks=CHECKS,
    )


@mark.policy(
    "RLS-12",
    severity="P0",
    wrong="API roles go round all rules of access: everybody reads and changes everything",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {powers}. See who needs what it brings: members may have rights by the same way. Grant them what is
    -- needed, then, as a superuser or an admin of the role: {_how}
    """,
)
def test_api_roles_have_no_way_round(auditor):
    """API roles have no way round: no superuser, BYPASSRLS, login, ownership, or membership that leads to one.

    Policies bind neither superusers nor roles with BYPASSRLS nor a table's owner, and who may create roles or read the
    server's files soon is one. A member of a role can become that role, whether or not it inherits. The platform's own
    memberships go the other way: authenticator and postgres may become anon.
    """
    assert not auditor(
        """
        with recursive reachable as (
            select r.oid as api_role, r.oid as role, null::pg_catalog.oid as through
            from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s)
            union
            select w.api_role, m.roleid, coalesce(w.through, m.roleid)
            from reachable w join pg_catalog.pg_auth_members m on m.member = w.role
        ),
        powers as (
            select r.oid, power from pg_catalog.pg_roles r
            cross join lateral (values
                (r.rolsuper, 'superuser'), (r.rolbypassrls, 'bypassrls'), (r.rolcanlogin, 'login'),
                (r.rolcreaterole, 'createrole'), (r.rolreplication, 'replication'),
                (r.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files',
                               'pg_execute_server_program'), 'reads or writes everything'),
                (exists (
                    select from pg_catalog.pg_shdepend d
                    where d.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass and d.refobjid = r.oid
                    and d.deptype = 'o' and d.dbid = (
                        select b.oid from pg_catalog.pg_database b where b.datname = pg_catalog.current_database())
                ), 'owns objects')
            ) as found (held, power)
            where held
        )
        select w.api_role::pg_catalog.regrole::text
               || case when w.role <> w.api_role then ' as ' || w.role::pg_catalog.regrole else '' end as object,
               string_agg(distinct p.power, ', ') as powers,
               case when w.role <> w.api_role
                    then format('revoke %%s from %%s;', w.through::pg_catalog.regrole, w.api_role::pg_catalog.regrole)
                    else format('alter role %%s nosuperuser nobypassrls nologin nocreaterole noreplication;',
                                w.api_role::pg_catalog.regrole)
                        || case when bool_or(p.power = 'owns objects')
                           then format(E'\nreassign owned by %%s to %%s;', w.api_role::pg_catalog.regrole,
                                       (select b.datdba::pg_catalog.regrole from pg_catalog.pg_database b
                                        where b.datname = pg_catalog.current_database()))
                           else '' end
               end as _how
        from reachable w join powers p on p.oid = w.role
        group by w.api_role, w.role, w.through
        """,
        of="""select count(*) as "API roles" from pg_catalog.pg_roles where rolname = any (%(api_roles)s)""",
    )


@mark.policy(
    "RLS-14",
    severity="P3",
    wrong="Policies are meant for PUBLIC instead of named roles",
    runbook=RUNBOOK,
    fix="""
    -- {object}: name the roles that it is for (to authenticated). Other roles than the API's hold rights on its table:
    -- those that are to see rows by it are to be named, too.
    """,
)
def test_policies_name_their_roles(auditor):
    """Policies name their roles instead of PUBLIC.

    A policy without a role applies to anon as well, and is evaluated for every visitor. Restrictive policies are an
    exception: to bind everybody is what they are for. So are those that are false, and let nobody in.
    """
    assert not auditor(
        f"""
        with {RULES}
        select x.object, case when not exists (
                   select from pg_catalog.pg_class c
                   cross join lateral (
                       select pg_catalog.unnest(c.relacl) as item
                       union all
                       select pg_catalog.unnest(t.attacl) from pg_catalog.pg_attribute t where t.attrelid = c.oid
                   ) as acl
                   cross join lateral pg_catalog.aclexplode(array[acl.item]) as g
                   left join pg_catalog.pg_roles o on o.oid = g.grantee
                   where c.oid = x.relation and g.grantee <> c.relowner
                   and not coalesce(o.rolname = any (%(api_roles)s) or o.rolsuper or o.rolbypassrls, false))
               then format('alter policy %%I on %%s to %%s;', x.name, x.relation::pg_catalog.regclass, (
                   select string_agg(r.oid::pg_catalog.regrole::text, ', ' order by r.rolname)
                   from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s))) end as fix
        from rules x join pg_catalog.pg_policy p on p.oid = x.oid
        where p.polpermissive and 0 = any (p.polroles)
        and (coalesce(x."using", 'false') <> 'false' or coalesce(x."check", 'false') <> 'false')
        """,
        of="select count(*) as policies from pg_catalog.pg_policy",
    )


@mark.policy(
    "RLS-16",
    severity="P1",
    wrong="Partitions can be reached round the policies of their parent",
    runbook=RUNBOOK,
    fix="alter table {object} enable row level security;",
)
def test_children_are_guarded_like_their_parents(auditor):
    """Partition and inheritance children cannot be reached round their parent's policies.

    A query of the parent obeys the parent's policies alone, and one of the child the child's alone: a partition without
    row level security is its parent with the door open. With it and without policies it is locked, and still serves
    queries of the parent.
    """
    assert not auditor(
        TABLES
        + """
        select t.relation as object, array_to_string(t.roles, ', ') as roles,
               (select string_agg(a.ancestor::pg_catalog.regclass::text, ', ') from ancestors a
                where a.relation = t.relation) as parents
        from tables t
        where t.roles <> '{}' and not t.security and t.guarded
        """,
        of=TABLES
        + """
        select count(*) as "exposed children of other tables" from tables t
        where exists (select from ancestors a where a.relation = t.relation)
        """,
    )


SESSION = re.compile(
    r"\b(current_setting|current_user|session_user|current_role|now|clock_timestamp|current_timestamp)\b", re.IGNORECASE
)


@mark.policy(
    "RLS-17",
    severity="P1",
    wrong="Functions that policies call are VOLATILE, LEAKPROOF or wrongly IMMUTABLE",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}. Policies are to call functions that only read and are STABLE. One that writes fails once it
    -- is STABLE: take the writing out. One in an index or a generated column is to become two. The platform's stay.
    """,
)
def test_functions_of_policies_are_honest(auditor):
    """Functions that policies call are not VOLATILE, not LEAKPROOF, and not IMMUTABLE if they read session or tables.

    An IMMUTABLE answer about one caller may be kept for the next one. A VOLATILE function, which is what a definition
    without a word is, runs for every row, and no index can serve. A LEAKPROOF one may see rows before the policy has
    refused them. Extensions' functions are not the project's to alter, and neither are the platform's, of which only a
    false IMMUTABLE or a LEAKPROOF is told.
    """
    of = """
    select count(distinct d.refobjid) as "functions that policies call" from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    """
    immutable = "it is IMMUTABLE and reads the session or tables"
    calls = learned(auditor, of)

    def reads(oid):
        reached = calls.reached(oid)
        return bool(calls.looks_at(reached)) or any(SESSION.search(source.plain) for source in reached)

    assert not auditor(
        f"""
        with {RULES},
        direct as (
            select d.refobjid as oid, min(x.object) as policy
            from rules x
            join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass and d.objid = x.oid
                and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            where x.roles <> '{{}}'
            and not exists (
                select from pg_catalog.pg_depend e
                where e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and e.objid = d.refobjid
                and e.deptype = 'e')
            group by d.refobjid
        )
        select p.oid::pg_catalog.regprocedure as object, problem, d.policy, p.oid::bigint as _oid,
               case when n.nspname <> all (%(platform_schemas)s) and case
                   when p.proleakproof and problem = 'it is LEAKPROOF' then true
                   when p.provolatile = 'i' then not exists (
                       select from pg_catalog.pg_depend u
                       where u.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and u.refobjid = p.oid
                       and u.classid in ('pg_catalog.pg_class'::pg_catalog.regclass,
                                         'pg_catalog.pg_attrdef'::pg_catalog.regclass))
                   else l.lanname in ('sql', 'plpgsql')
                       and {BODY} !~*
                       '\\m(insert|update|delete|merge|truncate|create|alter|drop|grant|revoke|lock|execute|call|nextval|setval|set_config|notify|share)\\M'
                   end
               then format('alter function %%s %%s;', p.oid::pg_catalog.regprocedure,
                           case problem when 'it is LEAKPROOF' then 'not leakproof' else 'stable' end) end as fix
        from direct d
        join pg_catalog.pg_proc p on p.oid = d.oid and p.prokind = 'f'
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_language l on l.oid = p.prolang
        cross join lateral (values
            (p.provolatile = 'v' and n.nspname <> all (%(platform_schemas)s), 'it is VOLATILE'),
            (p.proleakproof, 'it is LEAKPROOF'),
            (p.provolatile = 'i', %(immutable)s::text)
        ) as found (wrong, problem)
        where wrong
        """,
        of=of,
        immutable=immutable,
        where=lambda row: row["problem"] != immutable or reads(row["_oid"]),
    )


@mark.policy(
    "RLS-18",
    severity="P2",
    wrong="Policies rest on what callers can forge, guess or change",
    runbook=RUNBOOK,
    fix="""
    -- Let {object} ask for (select auth.uid()), for app_metadata, or for a row in a table of roles or members, which
    -- the server writes: not for an e-mail address, a telephone number, a pattern, an id in the text, the database's
    -- user or a header.
    """,
)
def test_policies_rest_on_what_cannot_be_forged(auditor):
    """Policies rest on nothing that can be forged, guessed or changed by the caller.

    Not on an e-mail address or a telephone number (people change theirs, and numbers are given out again), nor on
    patterns over claims, ids and addresses written into a policy, role names that do not exist (always false, or true
    behind a "not"), headers of the request, and not on current_user or session_user, who are the API. The functions
    that policies call are read as well, and told once. A pattern that begins with the caller's id and a slash is a
    folder of their own.
    """
    calls = learned(auditor, OF_POLICIES)
    resting = set()

    def weak(row):
        resting.update(calls.led_to(row["_rules"]))
        return bool(weaknesses(row))

    assert not auditor(
        f"""
        with {RULES}
        select x.object, x."using" as _using, x."check" as _check,
               array(select r.rolname::text from pg_catalog.pg_roles r) as _roles,
               {OWN_RULES}
        from rules x where x.roles <> '{{}}'
        """,
        of=OF_POLICIES,
        where=calls.following(weak),
    ) + auditor(
        """
        select p.oid::pg_catalog.regprocedure::text as object, 'policies call it' as problem,
               'function' as _kind, p.oid::bigint as _oid
        from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where p.prokind = 'f' and n.nspname !~ '^pg_|^information_schema$'
        union all
        select c.oid::pg_catalog.regclass::text, 'policies look at it', 'view', c.oid::bigint
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'v' and n.nspname !~ '^pg_|^information_schema$'
        """,
        of=OF_POLICIES,
        where=lambda row: (source := calls.known.get((row["_kind"], row["_oid"]))) in resting and weak_within(source),
    )


@mark.policy(
    "RLS-20",
    severity="P1",
    wrong="A policy's sub-select compares its own table with itself instead of the row",
    runbook=RUNBOOK,
    fix="""
    -- {object}: inside a sub-select a name without a table means the nearest table that has it. Write the policy anew,
    -- with the table before every column; the row is named by its own table: members.team = {_table}.team
    """,
)
def test_no_sub_select_means_its_own_table(auditor):
    """No policy's sub-select means its own table where it should mean the row.

    A name without its table is taken from the nearest table that has such a column. `m.tenant = tenant` inside a
    sub-select then compares a column with itself, and whoever is a member anywhere reads everything; the `name` of an
    object in storage becomes that of a project. Just as wrong is a sub-select that gives back the row's own column,
    because its table has none of that name, and a function in SQL that compares an argument with the column it is
    called like. A test for existence that is about the caller alone is in order, and so are joins.
    """
    of = "select count(*) as policies from pg_catalog.pg_policy"
    calls = learned(auditor, of)
    assert not auditor(
        f"""
        with {RULES}
        select x.object, x.schema as _schema, x."table" as _table, x."using" as _using, x."check" as _check,
               array(select a.attname::text from pg_catalog.pg_attribute a
                     where a.attrelid = x.relation and a.attnum > 0 and not a.attisdropped) as _columns,
               {OWN_RULES}
        from rules x
        """,
        of=of,
        where=calls.following(lambda row: bool(captured(row))),
    )


@mark.policy(
    "RLS-21",
    severity="P1",
    wrong="People cannot see the rows that they may change or create",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {role} may {command} rows that it cannot see. Give them a policy for SELECT, such as
    --   create policy ... for select to ... using (the condition of this policy);
    -- after an insert: let the creator see the row by a column of its own (created_by = (select auth.uid())).
    """,
)
def test_who_may_change_a_row_may_see_it(auditor):
    """Whoever may update or delete a row may see it, and whoever creates one sees the new row.

    An UPDATE or DELETE that looks for its row, as every call of the API does, finds only what a policy for SELECT
    shows. Without one it reports success and touches nothing. The same when all policies for SELECT are for those named
    in other columns than the one that names who may change it. INSERT that gives back the new row is refused when it is
    shown only to those of whom another table says so, which refers to the new row and cannot say anything yet. Where
    nobody reads at all, inserting is in order: it is a letter box. Other conditions cannot be compared from the text:
    what is declared in access.toml is acted out by RLS-08.
    """
    of = """
    select count(*) as "policies for writing" from pg_catalog.pg_policy p where p.polcmd in ('a', 'w', 'd')
    """
    calls = learned(auditor, of)
    assert not auditor(
        f"""
        with {RULES},
        below as (
            select k.confrelid as relation, array_agg(distinct c.relname::text) as children
            from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
            where k.contype = 'f' and k.conrelid <> k.confrelid
            group by k.confrelid
        )
        select x.object, role, w.command, x."table" as _table,
               case w.command when 'insert' then coalesce(x."check", 'true') else coalesce(x."using", 'true') end
               as _condition,
               array(select a.attname::text from pg_catalog.pg_index i
                     join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
                     where i.indrelid = x.relation and i.indisprimary and (a.atthasdef or a.attidentity <> '')) as _key,
               coalesce(b.children, '{{}}') as _children,
               array(select coalesce(y."using", 'true') from {SIBLINGS}
                     where y.permissive and y.command in ('r', '*') and role = any (y.roles)) as _selects,
               {RULES_OF_TABLE}
        from rules x
        cross join unnest(x.roles) as role
        join (values ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as w (command, code)
            on x.command = w.code::"char"
        join pg_catalog.pg_class c on c.oid = x.relation
        left join below b on b.relation = x.relation
        where x.permissive and (x.schema = any (%(exposed)s) or x.schema = 'storage')
        and pg_catalog.has_schema_privilege(role, c.relnamespace, 'usage')
        and case when w.command = 'delete' then pg_catalog.has_table_privilege(role, x.relation, 'delete')
            else pg_catalog.has_any_column_privilege(role, x.relation, w.command) end
        """,
        of=of,
        where=calls.following(unseen),
    )


@mark.policy(
    "RLS-22",
    severity="P1",
    wrong="Policies open rows by what everybody can know or leave empty",
    runbook=RUNBOOK,
    fix="""
    -- {object} lets everybody {command} rows for no better reason than a code that is there, or an owner who is not.
    -- A code: take the condition out; a SECURITY DEFINER function that is given the code answers about that one row.
    -- An owner: compare with "=", and say "and (select auth.uid()) is not null" where the column may be empty.
    """,
)
def test_no_policy_opens_by_what_everybody_can_know(auditor):
    """No policy opens rows by what everybody can know or leave empty.

    `code is not null` was to let people in who have the code: it lets everybody read all rows, with all codes. Nobody
    is asked for theirs. Codes are columns that are called like one (token, invite_code, share_id), and unique ids
    beside the primary key. `owner is not distinct from auth.uid()` gives the rows without an owner to callers without
    an id: the two nulls are the same to it. Marks of a state are in order (`published_at is not null`,
    `deleted_at is null`), and so is `owner is null or owner = auth.uid()`, which says what it means. What access.toml
    declares for everybody of a role is in order.
    """
    calls = learned(auditor, OF_POLICIES)
    assert not auditor(
        f"""
        with {RULES}
        select x.object, role, w.command, x."table" as _table, x."using" as _using,
               array(select a.attname::text from pg_catalog.pg_attribute a
                     where a.attrelid = x.relation and a.attnum > 0 and not a.attnotnull) as _nullable,
               array(select a.attname::text from pg_catalog.pg_index i
                     join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                     where i.indrelid = x.relation and i.indisunique and i.indnkeyatts = 1 and not i.indisprimary
                     and i.indpred is null and a.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype
                     and not exists (select from pg_catalog.pg_constraint k where k.conrelid = i.indrelid
                                     and k.contype = 'f' and a.attnum = any (k.conkey))) as _codes,
               array(select y."using" from {SIBLINGS}
                     where not y.permissive and y."using" is not null and y.command in ('*', x.command)
                     and role = any (y.roles)) as _restrictive,
               {RULES_OF_TABLE}
        from rules x
        cross join unnest(x.roles) as role
        join (values ('select', 'r', 'select'), ('update', 'w', 'update'), ('delete', 'd', 'delete'),
                     ('reach', '*', 'select')) as w (command, code, privilege) on x.command = w.code::"char"
        join pg_catalog.pg_class c on c.oid = x.relation
        where x.permissive and x."using" is not null and (x.schema = any (%(exposed)s) or x.schema = 'storage')
        and pg_catalog.has_schema_privilege(role, c.relnamespace, 'usage')
        and case when w.privilege = 'delete' then pg_catalog.has_table_privilege(role, x.relation, 'delete')
            else pg_catalog.has_any_column_privilege(role, x.relation, w.privilege) end
        and not (w.command = 'select' and x.relation::pg_catalog.regclass::text = any (%(public_tables)s))
        and format('%%s %%s %%s', w.privilege, role, x.relation::pg_catalog.regclass) <> all (%(opened)s)
        """,
        of=OF_POLICIES,
        where=calls.following(lambda row: bool(openings(row))),
    )


GRANTEE = "case w.grantee when 0 then 'public' else w.grantee::pg_catalog.regrole::text end"


@mark.policy(
    "RLS-23",
    severity="P2",
    wrong="A grant on the whole table undoes one on columns",
    runbook=RUNBOOK,
    fix="-- {object}: take the grant on the whole table away, and leave those on columns.",
)
def test_no_grant_on_columns_is_undone(auditor):
    """No grant on columns is undone by one on the whole table.

    Whoever grants some columns means that the others stay closed. A grant on the table opens them all, whether it is
    the role's own, that of PUBLIC or of a role that it belongs to; Supabase's historic defaults give one to every new
    table. To revoke a single column from a role that holds the table has no effect and leaves no trace in the database:
    the gate tells of it (MIG-08), and what is to be hidden is declared in access.toml, for RLS-07.
    """
    assert not auditor(
        f"""
        with api as (
            select r.oid, r.rolname from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s)
        ),
        relations as (
            select c.oid, c.relacl, c.relowner, n.nspname,
                   (select count(*) from pg_catalog.pg_attribute a
                    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
            from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = any (%(exposed)s) and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relpersistence <> 't'
            and not exists (
                select from pg_catalog.pg_depend e
                where e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and e.objid = c.oid and e.deptype = 'e')
        ),
        meant as (  -- what each role was granted by column, itself or through others
            select r.oid as relation, api.oid as role, lower(x.privilege_type) as privilege,
                   count(distinct a.attnum) as columns,
                   string_agg(distinct quote_ident(a.attname), ', ') as names,
                   string_agg(distinct quote_ident(a.attname), ', ') filter (where x.grantee = api.oid) as own
            from relations r
            join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
            cross join lateral pg_catalog.aclexplode(a.attacl) as x
            join api on x.grantee <> r.relowner
                and case when x.grantee = 0 then true else pg_catalog.pg_has_role(api.oid, x.grantee, 'usage') end
            where x.privilege_type in ('SELECT', 'INSERT', 'UPDATE')
            group by r.oid, api.oid, x.privilege_type
        ),
        wider as (
            select m.*, x.grantee from meant m
            join relations r on r.oid = m.relation and m.columns < r.columns
            cross join lateral pg_catalog.aclexplode(r.relacl) as x
            where lower(x.privilege_type) = m.privilege and x.grantee <> r.relowner
            and case when x.grantee = 0 then true else pg_catalog.pg_has_role(m.role, x.grantee, 'usage') end
        )
        select format('%%s on %%s for %%s', w.privilege, w.relation::pg_catalog.regclass,
                      w.role::pg_catalog.regrole) as object,
               w.names as granted_by_column,
               string_agg(case w.grantee when 0 then 'public' else w.grantee::pg_catalog.regrole::text end, ', ')
               as granted_whole_to,
               string_agg(case when w.grantee = w.role and w.privilege <> 'select' then format(
                   E'revoke %%s on %%s from %%s;\n', w.privilege, w.relation::pg_catalog.regclass,
                   w.role::pg_catalog.regrole) || coalesce(format(
                   -- The former takes the grants on columns as well.
                   'grant %%s (%%s) on %%s to %%s;', w.privilege, w.own, w.relation::pg_catalog.regclass,
                   w.role::pg_catalog.regrole), '')
               else format(
                   E'-- See who else lives by it: other roles, and what reads more columns with this right (select *,\n'
                   || '-- policies, views, functions). Then revoke %%s on %%s from %%s, and grant the columns again.',
                   w.privilege, {inert("w.relation::pg_catalog.regclass::text")}, {inert(GRANTEE)}) end, E'\n'
               order by w.grantee) as fix
        from wider w
        group by w.relation, w.role, w.privilege, w.names
        """,
        of="""
        select count(*) as "columns with grants" from pg_catalog.pg_attribute a
        join pg_catalog.pg_class c on c.oid = a.attrelid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where a.attacl is not null and not a.attisdropped and n.nspname = any (%(exposed)s)
        """,
    )


@mark.policy(
    "RLS-07",
    severity="P0",
    wrong="People reach more than is declared for them",
    runbook=RUNBOOK,
    fix="-- {object}: close what is not declared",
)
def test_nobody_reaches_more_than_is_declared(matrix):
    """Nobody reaches more than is declared: LEAK.

    Every actor tries to read, insert, update and delete the rows of every exposed table, with a column in WHERE and
    blindly, the files of every bucket and the messages of every channel that there are policies for; and what they
    reach is compared with access.toml, by row and for hidden and fixed columns. A row of one's own that can be
    given to somebody else, or moved into another tenant, is a leak as well, unless `moves` declares the column. What
    only a trigger or a constraint refuses is no leak. A table that is not declared, or that has no rows, proves
    nothing. An entry about what is not there counts for nothing, and is told with its line.
    """
    assert not matrix.leaks()


@mark.policy(
    "RLS-08",
    severity="P1",
    wrong="People reach less than is declared for them",
    runbook=RUNBOOK,
    fix="-- {object}: open what is declared",
)
def test_nobody_reaches_less_than_is_declared(matrix):
    """Nobody reaches less than is declared: LOCKOUT.

    "Deny everybody" would satisfy every policy about leaks. Rows that somebody is to reach and does not, because a
    grant or a policy is missing, a policy fails, or WITH CHECK takes nothing, are a feature that does not work. So are
    a command that a trigger, a constraint or an error refuses to everybody for whom it is declared, a new row that is
    not given back to whoever inserts it, and a row that cannot be saved again by an insert that becomes an update,
    which is what the client libraries send.
    """
    assert not matrix.lockouts()


@mark.policy(
    "RLS-13",
    severity="P0",
    wrong="Callers without a user id reach what they must not",
    runbook=RUNBOOK,
    fix="-- {object}: require auth.uid() is not null",
)
def test_a_caller_without_an_id_reaches_what_anon_does(matrix):
    """A signed-in caller without a user id reaches nothing that anon does not.

    A token of a service or of a misconfigured sign-in says authenticated and names nobody. Policies that compare with
    auth.uid() then meet a null, and those that only ask whether somebody is signed in let nobody in particular in. What
    is declared for such a caller is in order; of a table that nobody declared, what everybody signed in reaches is not
    told.
    """
    assert not matrix.beyond("nobody", "anon")


@mark.policy(
    "RLS-15",
    severity="P2",
    wrong="Guests reach more than is declared for guests",
    runbook=RUNBOOK,
    fix="-- {object}: refuse what is_anonymous is true for",
)
def test_guests_reach_what_is_declared_for_guests(matrix):
    """A guest reaches nothing beyond what is declared for guests.

    An anonymous sign-in has the role authenticated and an id of its own: anybody gets one, as many as they like and
    without an address. What is for members must ask for the claim is_anonymous, or for an approval. Of a table that
    nobody has declared it is told where some of its policies ask for the claim, and one for the same does not, or one
    for new rows where those for reading do.
    """
    assert not matrix.guests()


@mark.policy(
    "RLS-19",
    severity="P3",
    wrong="Constraints tell about rows that the caller cannot see",
    runbook=RUNBOOK,
    fix="""
    -- {object} tells of rows that the writer cannot see. A unique key: decide what must be unique. Among one owner's
    -- rows: make the owner's column part of it. Among all (an official number, a slug, an address): keep it, let a
    -- function give the value out or answer alike in both cases, and waive this with that reason. A foreign
    -- key: let the policy's check ask whether the writer sees the parent, or refer to an id that nobody guesses.
    """,
)
def test_constraints_tell_nobody_of_unseen_rows(outsiders):
    """Constraints tell nobody about rows that they cannot see.

    Row level security does not cover constraints: a unique key without the owner's column says "already taken", and a
    foreign key accepts a number that exists, unseen, and refuses one that does not. People offer a row of their own
    with the value of a row that they cannot see, or below a parent that they cannot see. Ids and codes that nobody can
    guess tell nothing.
    """
    assert not telling(outsiders)


@mark.policy(
    "RLS-09",
    severity="P0",
    wrong="Somebody can give themselves or others more rights, up to an administrator's",
    runbook=RUNBOOK,
    fix="-- {object}: {gained}",
)
def test_nobody_widens_anybodys_reach(outsiders, alice, bob):
    """Nobody can widen anybody's reach by changing what they may change.

    A member who may write the column that makes an admin is one statement away from being one, whatever the other
    policies say. Everybody changes each column that policies look at, also to somebody else's address, and inserts rows
    like those that are there, also below a new row of their own, and calls functions with what rules ask of the columns
    that these write; then everybody's reach is read again, the worst first: ranks, persons, states. What there was no
    time for is named, whatever the verdict. The changed row itself does not count, nor what its owner shares, a claim
    of what was nobody's, joining what is open while the like is refused for something else, a step of which a policy
    names both ends (invited, accepted), or a deadline that whose it is moves, where others see it and it is the same
    for all. A finding says where it may be meant: it shows everybody who is signed in what hangs below something of
    one's own, and nothing else.
    """
    assert not widened(outsiders | alice | bob)


@mark.policy(
    "RLS-24",
    severity="P1",
    wrong="People put rows below what belongs to somebody else",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {what}.
    -- Let the check of the policies that write {relation} ({policies}) ask whether the writer may see or change that
    -- row of {parent}, beside whose the new row is. If rows below what one cannot see are meant (a request to be let
    -- in), waive this with that reason.
    """,
)
def test_nobody_hangs_rows_below_somebody_elses(alice, bob, stranger):
    """Nobody hangs a row below a parent that belongs to another person or tenant.

    A policy that asks whose the new row is, and not whose it is put below, lets a member write into another's project:
    the task stands in their list, the line in their order, and what is summed up there is wrong. Members insert rows of
    their own below parents that they cannot see, by foreign keys and by columns named after a table, and move rows of
    their own there. Whose a parent is, its own policies say: one of which everybody sees rows is shared, or every
    member, whatever groups they are in; so is one whose id another table or a view shows to everybody, but for the
    table that rows are put into. Not counted are people as parents, references
    that may be empty and that no policy looks at, bookmarks (links and nothing else, of which one sees one's own),
    requests to be let in (``join_requests``, or all new rows have to be ``pending``), and tables that take rows in
    anybody's name, which RLS-04 tells of.
    """
    assert not misplaced(alice | bob | stranger)


@mark.policy(
    "RLS-25",
    severity="P2",
    wrong="People decide about themselves what only the server should",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {what}, and {asked_by} asks for it.
    -- Grant update on the other columns alone, or let a trigger keep {columns} as the server wrote it. If people may
    -- say that about themselves, waive this with that reason.
    """,
)
def test_nobody_decides_their_own_standing(alice, bob, stranger):
    """Nobody decides about themselves what only the server should: verified, approved, a plan, credits, a ban.

    Such a column often stands in the row that is one's own to change, beside the nickname. Names are hints: it counts
    where a policy or a function has a condition on the column, and only in tables that have one row for each person
    (by their key or a unique column), so that what people keep about things of their own is left alone. Members try to
    give themselves another value; what stands in the row afterwards is what counts, so that a trigger that keeps it is
    in order. Where somebody reaches more by it, RLS-09 tells. Of what people hand in, the policies say who agrees to
    it: a new row must be a draft, or is one by default, and a word that a policy for changes keeps to others (or one
    such as approved, which a policy for reading looks for) is not for whoever wrote the row to set, nor to begin with.
    Nor does anybody file a row that says at once that others agreed (a word such as approved, a flag such as paid, who
    approved it), where the like that says nothing is taken, and cannot be changed into that afterwards; nor set it in a
    row of their own, where the policies for changes let in others as well. A column that is empty in new rows and in
    which whoever agrees names themselves is not for whoever wrote the row; one that a function counts up or down, a
    number that new rows all begin with, and a step that only a function with its owner's rights moves on, are none of
    theirs whatever they are called.
    """
    assert not risen(alice | bob | stranger)


@mark.policy(
    "RLS-26",
    severity="P1",
    wrong="A policy forgets whose the rows are, or until when, which the others respect",
    runbook=RUNBOOK,
    fix="""
    -- {object}: ask of the row what the other policies ask of it.
    """,
)
def test_no_policy_forgets_the_tenant(matrix):
    """No policy forgets whose a row is, where the other policies say it.

    `exists (select from members where user_id = auth.uid())` says that somebody belongs to a team, and not that the row
    is that team's: all teams read each other's. `deleted_at is null`, as a policy of its own beside `owner =
    auth.uid()`, shows everybody's rows, because policies are joined by OR: it was to be restrictive. And who may add
    rows to a team's may do so in another's name, where the column that says who wrote one is filled with the caller by
    default, and no policy asks for it. A function that a policy gives the row's team to, and that does not look at it,
    lets in whoever has any: that is told of the function, also where the declaration asks the same one. So is one that
    is asked about the row and the caller, and shows every row to a caller without an id.

    A row by which people are let in has an end: a share runs out, a membership is left. Where other rules or functions
    ask for it (`until > now()`, `left_at is null`), or it lies ahead by default, and a policy looks for such a row
    without asking, the rows are ended, and who still reaches something by them is told. What only writing asks for says
    nothing of reading, and what is part of the row that has ended (a rental's letters) outlasts it. Nor is it told
    where fewer ask than do not. A function that is given a code (an invitation's, a link's) and does not ask for its
    end, or whether it was used, is called with one that has ended: it is told where the caller is named in more rows
    than before, or learns what stands in private columns of other tables.

    A row below another is whose that one is: where everybody who reads the row above is asked who they are, and not
    only whether they belong to it, a policy below that asks nobody, or asks as much without the row, is told. What a
    team shows to all (its vacancies) is in order, although the team's own row is for its members. A policy that looks
    a membership up and takes it in any state is told, where at least twice as many ask whether it is active: what is
    reached once no membership says so counts. In order is the team itself, and a policy that asks for a rank.

    Who wrote a row may change it alone, and a policy for deleting that is the one for reading once more lets everybody
    of the team remove it: that is told, where it looks up to what somebody belongs and asks for no office. So is one
    for all commands of which only WITH CHECK asks for an office: deleting asks what USING says.

    It is told of tables that nobody has declared, whose other policies tie a column of the row to the caller (of
    tenants, also those of other tables that refer to the same one), and where somebody was seen to do so. In order is
    what a row says of itself to be for all (published, active, approved), rows that are nobody's, and tables of which
    all is harmless to show, by names and types. A policy that asks for more than the others, such as a rank, is meant
    for few, unless the rank is one among the members of a tenant and the row has a tenant, too: coaches of any team are
    not coaches of this one. Who holds an office writes for others. One that is true for every row is RLS-04's.
    What access.toml declares is RLS-07's.
    """
    assert not matrix.crossings()
