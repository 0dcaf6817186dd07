"""Runbook 3 and 6: information exposed without consent, round row level security or through what the API serves."""

from pytest import mark

from audit.catalog.calls import BODY, SOURCES
from audit.catalog.credentials import KINDS, holds_secret
from audit.catalog.functions import COLUMNS, OWNERS, Functions
from audit.catalog.openings import shows_nothing_to_visitors
from audit.catalog.shown import saying_what_may_be_meant, view_shows_no_harm
from audit.catalog.storage import lists, ties
from audit.evidence import gathered
from audit.names import PERSONAL_FILES, PRIVATE_FILES, SHOWN_FILES
from audit.probes.disclosure import abused, given_away

CONSENT = "3. Contact Exchange & Privacy"
SECURITY = "6. Row Level Security (RLS) & Permissions"

# The API's roles, and the exposed schemas that each of them may use.
SERVED = """
api as (select r.oid, r.rolname from pg_catalog.pg_roles r where r.rolname = any (%(api_roles)s)),
served as (
    select n.oid as schema, n.nspname as name, a.oid as role
    from pg_catalog.pg_namespace n cross join api a
    where n.nspname = any (%(exposed)s) and n.nspname !~ '^pg_|^information_schema$'
    and pg_catalog.has_schema_privilege(a.oid, n.oid, 'usage')
),
members as (  -- what extensions bring
    select d.classid, d.objid from pg_catalog.pg_depend d where d.deptype = 'e'
)
"""

# Who to revoke from: the API's roles, PUBLIC, or the roles whose rights they inherit, as far as they are in the grants.
HELD = """
(select string_agg(distinct case g.grantee when 0 then 'public' else g.grantee::pg_catalog.regrole::text end, ', ')
 from ({grants}) as g
 where g.grantee <> {owner}
 and (g.grantee = 0 or exists (select from api a where pg_catalog.pg_has_role(a.oid, g.grantee, 'usage'))))
"""
RELATION_HELD_BY = HELD.format(
    grants="""
    select (pg_catalog.aclexplode(c.relacl)).grantee
    union all
    select (pg_catalog.aclexplode(t.attacl)).grantee from pg_catalog.pg_attribute t where t.attrelid = c.oid
    """,
    owner="c.relowner",
)

# From the "doors" (role, view) through any number of views: "walk" is what the role gets to see. A view's relations are
# looked at with the rights of its owner, or with those of the caller where it says so, also inside another view
# (https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-NOTES); a rule for writing never asks for
# the caller's rights. A "barrier" (view, relation) is not crossed.
WALK = """
views as (
    select c.oid, c.relkind, c.relowner, coalesce((
        select o.option_value::boolean from pg_catalog.pg_options_to_table(c.reloptions) as o
        where o.option_name = 'security_invoker'), false) as invoker
    from pg_catalog.pg_class c
    where c.relkind in ('v', 'm') and c.oid >= 16384
),
edges as (
    select v.oid as view, v.relkind, v.relowner, r.ev_type, v.invoker and r.ev_type = '1' as invoker,
           d.refobjid as relation
    from views v
    join pg_catalog.pg_rewrite r on r.ev_class = v.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> v.oid and d.refobjid >= 16384
    group by v.oid, v.relkind, v.relowner, v.invoker, r.ev_type, d.refobjid
    -- A mere mention as 'name'::regclass is no look at the relation.
    having not (case when bool_and(d.refobjsubid = 0) then pg_catalog.strpos(
        pg_catalog.pg_get_viewdef(v.oid), quote_literal(d.refobjid::pg_catalog.regclass::text) || '::regclass') > 0
        else false end)
),
steps as (
    select e.*, c.oid as target from edges e join pg_catalog.pg_class c on c.oid = e.relation
),
walk as (
    select d.role, d.view as top, d.view as relation from doors d
    union
    select w.role, w.top, e.relation
    from walk w
    join steps e on e.view = w.relation
    where not exists (select from barrier b where b.view = e.view and b.relation = e.relation)
    and (e.ev_type = '1' or w.relation = w.top and pg_catalog.has_table_privilege(w.role, e.view,
         case e.ev_type when '2' then 'update' when '3' then 'insert' else 'delete' end))
    and pg_catalog.has_any_column_privilege(
        case when e.invoker then w.role else e.relowner end, e.relation, 'select, insert, update')
)
"""

# Whether a role can write through a relation, which counts where it can be written through at all; or read it, too.
WRITES = """
((pg_catalog.pg_relation_is_updatable(c.oid, false) & 4 > 0
  and pg_catalog.has_any_column_privilege(s.role, c.oid, 'update'))
 or (pg_catalog.pg_relation_is_updatable(c.oid, false) & 8 > 0
     and pg_catalog.has_any_column_privilege(s.role, c.oid, 'insert'))
 or (pg_catalog.pg_relation_is_updatable(c.oid, false) & 16 > 0
     and pg_catalog.has_table_privilege(s.role, c.oid, 'delete')))
"""
READS_OR_WRITES = f"(pg_catalog.has_any_column_privilege(s.role, c.oid, 'select') or {WRITES})"


@mark.policy(
    "EXPO-01",
    severity="P0",
    wrong="Views go round row level security: the API shows rows that it must not",
    about="view",
    runbook=SECURITY,
    fix="""
    -- Decide who is to see what {object} shows. Those who may read the rows of its tables: then, once they can (grants
    -- and policies for {roles}), alter view ... set (security_invoker = true). Who may not finds it empty from then on.
    -- Everybody: declare it public in access.toml, without the columns that are private. Nobody: take the grants away.
    """,
)
def test_no_view_goes_round_row_level_security(auditor):
    """No view that an API role may read or write goes round row level security.

    A view looks at its tables with its owner's rights unless it is a security_invoker view, and the usual owner,
    postgres, is beyond row level security: such a view shows everybody's rows. That it filters by the caller itself is
    no excuse, the next change of it is not checked by anything. Views nested in views and materialised views underneath
    count (those that filter one by the caller do not, it has no row level security to keep), and so do partitions,
    which do not have their parent's. Relations that access.toml declares public, or all rows of them for a role, are
    left out as long as nobody can write through the view, and owners whom row level security restrains. As long as
    nothing is declared, a finding says where it may be meant: nobody writes through the view, and all that it shows is
    harmless by name and type.
    """
    assert not auditor(
        f"""
        with recursive {SERVED},
        doors as (
            select s.role, c.oid as view
            from served s
            join pg_catalog.pg_class c on c.relnamespace = s.schema and c.relkind = 'v'
            where ('pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid) not in (select classid, objid from members)
            and case when c.oid::pg_catalog.regclass::text = any (%(public_tables)s)
                     or format('select %%s %%s', s.role::pg_catalog.regrole, c.oid::pg_catalog.regclass)
                        = any (%(opened)s) then {WRITES}
                else {READS_OR_WRITES} end
        ),
        written as (  -- views that an API role can write through
            select s.role, c.oid as view
            from served s join pg_catalog.pg_class c on c.relnamespace = s.schema and c.relkind = 'v'
            where {WRITES}
        ),
        barrier as (
            select e.view, e.relation
            from edges e
            join pg_catalog.pg_class c on c.oid = e.relation
            where c.oid::pg_catalog.regclass::text = any (%(public_tables)s)
            and e.view not in (select w.view from written w)
            or case when c.relkind = 'm' then
                pg_catalog.pg_get_viewdef(e.view) ~ '\\mauth\\.(uid|jwt|role|email)\\(|request\\.jwt'
                or exists (
                    select from pg_catalog.pg_rewrite r
                    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                        and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                    join pg_catalog.pg_proc p on p.oid = d.refobjid and p.prokind = 'f'
                    where r.ev_class = e.view
                    and {BODY}
                        ~ '\\mauth\\.(uid|jwt|role|email)\\(|request\\.jwt')
            else false end
        ),
        {WALK}
        select w.top::pg_catalog.regclass as object,
               (select jsonb_agg(jsonb_build_array(a.attname, y.typcategory, y.typname))
                from pg_catalog.pg_attribute a join pg_catalog.pg_type y on y.oid = a.atttypid
                where a.attrelid = w.top and a.attnum > 0 and not a.attisdropped) as _columns,
               w.top::pg_catalog.regclass::text as _relation,
               %(declared_tables)s::text[] = '{{}}'
               and not exists (select from written x where x.view = w.top) as _undeclared,
               string_agg(distinct e.view::pg_catalog.regclass::text, ', ') as "with its owner's rights",
               string_agg(distinct t.oid::pg_catalog.regclass::text, ', ') as tables,
               string_agg(distinct w.role::pg_catalog.regrole::text, ', ') as roles,
               string_agg(distinct case
                   when w.top::pg_catalog.regclass::text = any (%(public_tables)s)
                   or format('select %%s %%s', w.role::pg_catalog.regrole, w.top::pg_catalog.regclass)
                      = any (%(opened)s)
                   then format('revoke insert, update, delete on %%s from %%s;', w.top::pg_catalog.regclass,
                               {RELATION_HELD_BY})
                   end, e'\\n') as fix
        from walk w
        join steps e on e.view = w.relation and not e.invoker
        join pg_catalog.pg_class c on c.oid = w.top
        join pg_catalog.pg_class t on t.oid = e.relation and t.relkind in ('r', 'p')
        join pg_catalog.pg_roles o on o.oid = e.relowner
        where case when t.relrowsecurity
            then o.rolsuper or o.rolbypassrls
                 or (pg_catalog.pg_has_role(o.oid, t.relowner, 'usage') and not t.relforcerowsecurity)
            else exists (select from pg_catalog.pg_inherits i
                         join pg_catalog.pg_class parent on parent.oid = i.inhparent
                         where i.inhrelid = t.oid and parent.relrowsecurity) end
        and pg_catalog.has_any_column_privilege(o.oid, t.oid, 'select, insert, update')
        and not exists (select from barrier b where b.view = e.view and b.relation = e.relation)
        and (e.ev_type = '1' or w.relation = w.top and pg_catalog.has_table_privilege(w.role, e.view,
             case e.ev_type when '2' then 'update' when '3' then 'insert' else 'delete' end))
        group by w.top
        """,
        of="""
        select count(*) as "views in exposed schemas" from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'v' and n.nspname = any (%(exposed)s)
        and exists (select from pg_catalog.pg_roles where rolname = any (%(api_roles)s))
        """,
        where=saying_what_may_be_meant(lambda _row: True, view_shows_no_harm),
    )


@mark.policy(
    "EXPO-02",
    severity="P1",
    wrong="API roles read materialised views or foreign tables, which no row level security protects",
    about="view",
    runbook=SECURITY,
    fix="""
    -- Decide whether everybody may read {object}: then declare it public in access.toml. Else let the API read a view
    -- or function that shows each caller their own, and take the grants away, which {roles} have:
    -- revoke all on {object} from public, anon, authenticated;
    """,
)
def test_no_materialized_view_or_foreign_table_is_open(auditor):
    """No materialised view or foreign table is readable by API roles.

    Neither can have row level security: who may read it reads all of it, and a foreign table's rows come from another
    system with the rights that are stored here. Relations that access.toml declares public, or all rows of them for
    the role, are left out.
    """
    assert not auditor(
        f"""
        with {SERVED}
        select c.oid::pg_catalog.regclass as object,
               case c.relkind when 'm' then 'materialised view' else 'foreign table' end as kind,
               string_agg(distinct s.role::pg_catalog.regrole::text, ', ') as roles
        from served s
        join pg_catalog.pg_class c on c.relnamespace = s.schema and c.relkind in ('m', 'f')
        where (pg_catalog.has_any_column_privilege(s.role, c.oid, 'select')
               or (c.relkind = 'f' and (
                   pg_catalog.has_any_column_privilege(s.role, c.oid, 'insert, update')
                   or pg_catalog.has_table_privilege(s.role, c.oid, 'delete'))))
        and c.oid::pg_catalog.regclass::text <> all (%(public_tables)s)
        and format('select %%s %%s', s.role::pg_catalog.regrole, c.oid::pg_catalog.regclass) <> all (%(opened)s)
        and ('pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid) not in (select classid, objid from members)
        group by c.oid, c.relkind, c.relacl, c.relowner
        """,
        of="""
        select count(*) as "materialised views and foreign tables in exposed schemas" from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('m', 'f') and n.nspname = any (%(exposed)s)
        and exists (select from pg_catalog.pg_roles where rolname = any (%(api_roles)s))
        """,
    )


@mark.policy(
    "EXPO-03",
    severity="P1",
    wrong="SECURITY DEFINER functions can be made to run somebody else's code by way of the search_path",
    runbook=SECURITY,
    fix="alter routine {object} set search_path = '';",
)
def test_functions_with_their_owners_rights_pin_their_search_path(auditor):
    """Every SECURITY DEFINER function pins its search_path, to schemas in which API roles cannot create.

    Otherwise the caller decides which table or function an unqualified name means, and it is used with the owner's
    rights. A body in the SQL standard's form (BEGIN ATOMIC, RETURN) is resolved when it is created: it is innocent, as
    long as it calls no function that takes the caller's search_path. The platform's and extensions' functions are left
    out.
    """
    assert not auditor(
        f"""
        with recursive {SERVED},
        functions as (
            select p.oid, p.prosecdef, p.proowner, n.nspname, l.lanname = 'sql' and p.prosrc = '' as resolved,
                   (select pg_catalog.substr(setting, 13) from pg_catalog.unnest(p.proconfig) as setting
                    where setting like 'search_path=%%' limit 1) as path
            from pg_catalog.pg_proc p
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname not in ('internal', 'c')
            where n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%(platform_schemas)s)
            and ('pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid) not in (select classid, objid from members)
        ),
        open as (
            select n.nspname from pg_catalog.pg_namespace n
            where exists (select from api a where pg_catalog.has_schema_privilege(a.oid, n.oid, 'create'))
        ),
        calls as (
            select f.oid as start, f.oid as function from functions f
            where f.prosecdef and f.path is null and f.resolved
            union
            select c.start, d.refobjid
            from calls c
            join functions f on f.oid = c.function and f.resolved and f.path is null
            join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = f.oid
                and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        ),
        problems as (
            select f.oid, 'it takes the search_path of its caller' as problem,
                   (select format('alter routine %%s set search_path = %%s;', f.oid::pg_catalog.regprocedure,
                                  string_agg(quote_ident(step.name), ', ' order by step.place))
                           || coalesce(string_agg(format(e'\\nrevoke create on schema %%I from public, %%s;', step.name,
                               (select string_agg(quote_ident(a.rolname), ', ') from api a)), '')
                               filter (where step.name in (select nspname from open)), '')
                    from (select name, min(place) as place
                          from (values (f.nspname, 1), ('public', 2), ('extensions', 3), ('pg_temp', 4))
                              as usual (name, place)
                          where name = 'pg_temp' or name in (select nspname from pg_catalog.pg_namespace)
                          group by name) as step) as fix
            from functions f
            where f.prosecdef and f.path is null and (not f.resolved or exists (
                select from calls c
                join functions called on called.oid = c.function and not called.resolved and called.path is null
                where c.start = f.oid))
            union all
            select f.oid, 'API roles can create objects in a schema of its search_path',
                   case when exists (select from pg_catalog.pg_namespace n where n.nspname = place.name)
                   then format('revoke create on schema %%I from public, %%s;', place.name,
                               (select string_agg(quote_ident(a.rolname), ', ') from api a))
                   else format('revoke create on database %%I from public, %%s;', current_database(),
                               (select string_agg(quote_ident(a.rolname), ', ') from api a)) end
            from functions f
            cross join lateral pg_catalog.regexp_matches(f.path, '"((?:[^"]|"")*)"|([^[:space:],"]+)', 'g') as item
            cross join lateral (
                select case coalesce(replace(item[1], '""', '"'), lower(item[2]))
                       when '$user' then pg_catalog.pg_get_userbyid(f.proowner)::text
                       else coalesce(replace(item[1], '""', '"'), lower(item[2])) end as name
            ) as place
            where f.prosecdef and place.name not in ('', 'pg_catalog', 'pg_temp')
            and (place.name in (select nspname from open)
                 or (place.name not in (select nspname from pg_catalog.pg_namespace)
                     and exists (select from api a where pg_catalog.has_database_privilege(
                         a.oid, current_database(), 'create'))))
        )
        select oid::pg_catalog.regprocedure as object, problem, fix from problems
        """,
        of="""
        select count(*) as "SECURITY DEFINER functions" from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        where p.prosecdef and n.nspname <> all (%(platform_schemas)s) and n.nspname <> 'pg_catalog'
        """,
    )


# A function without its owner's rights that becomes service_role by itself: the API's login may, whoever calls, and row
# level security binds it no more; or that says whose request it is, and acts as whomever it likes
# (https://docs.postgrest.org/en/stable/references/auth.html#user-impersonation).
BECOMES_MIGHTIER = f"""
('role=service_role' = any (p.proconfig) or {BODY} ~*
 $$\\mset\\s+((local|session)\\s+)?role\\s*(=|\\mto\\M)?\\s*['"]?service_role\\M|\\mset_config\\s*\\(\\s*'role'\\s*,\\s*'service_role'$$
 or {BODY} ~* $$\\mset\\s+((local|session)\\s+)?"?request\\.jwt\\M|\\mset_config\\s*\\(\\s*'request\\.jwt\\M$$)
"""
# "Entered" are the functions that somebody calls by inserting into a view, whatever rows of it they see.
CALLABLE = f"""
with {SERVED},
entered as (
    select distinct t.tgfoid as function, s.role, s.role::pg_catalog.regrole::text as rolname
    from pg_catalog.pg_trigger t
    join pg_catalog.pg_class c on c.oid = t.tgrelid and c.relkind = 'v'
    join served s on s.schema = c.relnamespace and pg_catalog.has_any_column_privilege(s.role, c.oid, 'insert')
    where not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 68 = 68  -- INSTEAD OF, INSERT
),
calling as (
    select p.oid as function, a.rolname
    from pg_catalog.pg_proc p
    join api a on pg_catalog.has_function_privilege(a.oid, p.oid, 'execute')
    and pg_catalog.has_schema_privilege(a.oid, p.pronamespace, 'usage')
    where p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace and p.prorettype not in (
        'pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
    union
    select function, rolname from entered
),
callable as (
    select p.oid, p.prosecdef or {BECOMES_MIGHTIER} as mightier, p.prorettype, n.oid as schema, n.nspname,
           n.nspname = any (%(exposed)s) or p.oid in (select function from entered) as exposed
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname not in ('internal', 'c')
    where n.nspname !~ '^pg_|^information_schema$' and n.nspname <> all (%(platform_schemas)s)
    and p.prokind in ('f', 'p')
    and p.oid in (select function from calling)
    and ('pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid) not in (select classid, objid from members)
)
"""


# Columns of texts and ids that may be codes which let one in: table, name, default, whether it is the key.
@mark.policy(
    "EXPO-04",
    severity="P0",
    wrong="SECURITY DEFINER functions serve everybody without asking who calls",
    runbook=CONSENT,
    fix="""
    -- Let {object} ask who is calling (auth.uid()), or declare it public in access.toml. To take the right to call it
    -- away stops what lives by it: clients (the login among them), policies, views, other functions.
    """,
)
def test_functions_with_their_owners_rights_ask_who_calls(auditor):
    """No SECURITY DEFINER function that an API role may call ignores who calls it.

    It runs beyond row level security, so it alone decides what the caller gets. One that reads no claim, neither itself
    nor in what it calls, gives everybody the same: everything. PUBLIC may execute a new function. One with its caller's
    rights that becomes service_role (SET ROLE) or sets the request's claims (request.jwt.claims) is the same, and so is
    what an INSTEAD OF trigger calls when somebody inserts into a view. Innocent are other trigger functions, functions
    that touch no relation, or read public ones only, functions of an owner whom row level security binds, by policies
    that ask who calls, and those that are declared in access.toml, public or for all callers of the role. So are those
    that only read, and answer a policy's question with yes or no (has_role(auth.uid(), 'admin')): whoever a policy is
    for must be able to execute what it calls; and those that look for what goes with a secret that they are given, such
    as an invitation's token. Functions outside the exposed schemas count when something exposed calls them. As long as
    nothing is declared, a finding says where it may be meant: the function only reads, and all that it answers is
    harmless by name and type.
    """
    known = Functions()

    of = f"""
    {CALLABLE}
    select count(*) as "SECURITY DEFINER functions that API roles may call" from callable where mightier
    """
    auditor(SOURCES, of=of, where=known.learn)
    auditor(COLUMNS, of=of, where=known.learn_column)
    auditor(OWNERS, of=of, where=known.learn_owner)
    assert not auditor(
        f"""
        {CALLABLE}
        select p.oid::pg_catalog.regprocedure as object,
               string_agg(distinct a.rolname, ', ') as roles,
               coalesce(
                   (select jsonb_agg(jsonb_build_array(p.proargnames[m.place], y.typcategory, y.typname))
                    from unnest(p.proallargtypes, p.proargmodes) with ordinality as m (type, mode, place)
                    join pg_catalog.pg_type y on y.oid = m.type where m.mode in ('t', 'o', 'b')),
                   (select jsonb_agg(jsonb_build_array(t.attname, y.typcategory, y.typname))
                    from pg_catalog.pg_type r
                    join pg_catalog.pg_attribute t on t.attrelid = r.typrelid and t.attnum > 0 and not t.attisdropped
                    join pg_catalog.pg_type y on y.oid = t.atttypid where r.oid = p.prorettype),
                   (select jsonb_build_array(jsonb_build_array(p.proname, r.typcategory, r.typname))
                    from pg_catalog.pg_type r where r.oid = p.prorettype)
               ) as _answers, %(declared_tables)s::text[] = '{{}}' as _undeclared,
               coalesce(p.proargnames, '{{}}') as _arguments,
               p.oid::bigint as _oid, f.exposed as _exposed, %(public_tables)s::text[] as _public,
               p.prorettype = 'pg_catalog.bool'::pg_catalog.regtype and not p.proretset and exists (
                   select from pg_catalog.pg_depend d
                   where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
                   and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.refobjid = p.oid) as _yes_or_no,
               array(select door.oid::bigint from callable door where door.exposed and not door.mightier
                     and not f.exposed) as _functions,
               array(select c.oid::bigint from pg_catalog.pg_class c join served s on s.schema = c.relnamespace
                     where c.relkind = 'v' and not f.exposed
                     and pg_catalog.has_any_column_privilege(s.role, c.oid, 'select')) as _views,
               (select string_agg(format('%%I on %%s', r.polname, r.polrelid::pg_catalog.regclass), ', ')
                from pg_catalog.pg_depend d join pg_catalog.pg_policy r on r.oid = d.objid
                where d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
                and d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.refobjid = p.oid)
               as "asked by the policies"
        from callable f
        join pg_catalog.pg_proc p on p.oid = f.oid
        join calling a on a.function = p.oid
        where f.mightier
        and replace(p.oid::pg_catalog.regprocedure::text, ' ', '') not in (
            select replace(declared, ' ', '') from unnest(%(public_functions)s::text[]) as declared)
        and format('%%s %%s', a.rolname, replace(p.oid::pg_catalog.regprocedure::text, ' ', '')) <> all (%(called)s)
        group by p.oid, p.proacl, p.proowner, f.exposed
        """,
        of=of,
        where=saying_what_may_be_meant(known.serves_whoever_calls, known.answer_may_be_meant),
    )


@mark.policy(
    "EXPO-06",
    severity="P0",
    wrong="auth.users, with every member's address, can be reached through the API",
    runbook=CONSENT,
    fix="""
    -- Decide what {object} is to show: {roles} reach auth.users. Let it leave out what is private, or show each caller
    -- their own alone (a security_invoker view or a policy over it fails once they have no right on auth.users).
    """,
)
def test_auth_users_cannot_be_reached(auditor):
    """auth.users cannot be reached through exposed schemas.

    It holds every member's e-mail address, phone number and password hash. Neither may API roles hold a grant on it
    (one view or function is then enough), nor may a view or materialised view that they can use look at it, through any
    number of views. A view with the caller's rights is innocent as long as the caller has none on auth.users.
    """
    assert not auditor(
        f"""
        with recursive {SERVED},
        doors as (
            select s.role, c.oid as view
            from served s
            join pg_catalog.pg_class c on c.relnamespace = s.schema and c.relkind in ('v', 'm')
            where {READS_OR_WRITES}
        ),
        barrier as (select null::oid as view, null::oid as relation where false),
        {WALK}
        select c.oid::pg_catalog.regclass as object, 'API roles hold privileges on it' as problem,
               string_agg(distinct a.rolname, ', ') as roles, null as _cause,
               -- Who looks at it with the caller's rights would fail from then on.
               case when not exists (
                   select from pg_catalog.pg_depend d
                   where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = c.oid
                   and d.classid in ('pg_catalog.pg_policy'::pg_catalog.regclass,
                                     'pg_catalog.pg_rewrite'::pg_catalog.regclass))
               and not exists (
                   select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
                   where not p.prosecdef and n.nspname <> all (%(platform_schemas)s) and n.nspname !~ '^pg_'
                   and {BODY} ~* '\\mauth"?[.]"?users\\M')
               then format('revoke all on %%s from %%s;', c.oid::pg_catalog.regclass, {RELATION_HELD_BY}) end as fix
        from pg_catalog.pg_class c
        join api a on pg_catalog.has_any_column_privilege(a.oid, c.oid, 'select, insert, update')
                   or pg_catalog.has_table_privilege(a.oid, c.oid, 'delete')
        where c.oid = pg_catalog.to_regclass('auth.users')
        and pg_catalog.has_schema_privilege(a.oid, c.relnamespace, 'usage')
        group by c.oid, c.relacl, c.relowner
        union all
        select c.oid::pg_catalog.regclass, 'it looks at auth.users',
               string_agg(distinct w.role::regrole::text, ', '), 'view ' || c.oid::pg_catalog.regclass, null
        from walk w
        join pg_catalog.pg_class c on c.oid = w.top
        where w.relation = pg_catalog.to_regclass('auth.users')
        group by c.oid, c.relacl, c.relowner
        """,
        of="""
        select count(*) as "auth.users tables" from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'auth' and c.relname = 'users'
        and exists (select from pg_catalog.pg_roles where rolname = any (%(api_roles)s))
        """,
    )


# Whether the grantee of ``g`` holds all of table ``c``, as the platform's historic default privileges give it.
GRANTED_ALL = """(select count(*) = 7 from pg_catalog.aclexplode(c.relacl) as w
                    where w.grantee = g.grantee and w.privilege_type <> 'MAINTAIN')"""


@mark.policy(
    "EXPO-07",
    severity="P1",
    wrong="API roles can empty tables, attach triggers to them, or create objects",
    runbook=SECURITY,
    fix="revoke truncate, references, trigger on {object} from public, anon, authenticated;",
)
def test_api_roles_hold_no_dangerous_privileges(auditor):
    """API roles hold no TRUNCATE, REFERENCES or TRIGGER, and cannot create in exposed schemas.

    TRUNCATE empties a table whatever row level security says; REFERENCES tells whether a hidden row exists; TRIGGER
    puts code into everybody else's writes. "grant all" and the platform's historic default privileges give all three.
    What tables have from default privileges is one cause and one finding, and so is what three tables or more of a
    schema were granted alike. The platform's own tables are left out, and schemas that a role may not use.
    """
    assert not auditor(
        f"""
        with {SERVED},
        held as (
            select c.oid, string_agg(distinct a.role::pg_catalog.regrole::text, ', ') as roles,
                   concat_ws(', ', case when bool_or(pg_catalog.has_table_privilege(a.role, c.oid, 'truncate'))
                                        then 'truncate' end,
                                   case when bool_or(pg_catalog.has_any_column_privilege(a.role, c.oid, 'references'))
                                        then 'references' end,
                                   case when bool_or(pg_catalog.has_table_privilege(a.role, c.oid, 'trigger'))
                                        then 'trigger' end) as privileges
            from pg_catalog.pg_class c
            join served a on a.schema = c.relnamespace and a.name <> all (%(platform_schemas)s)
                and (pg_catalog.has_table_privilege(a.role, c.oid, 'truncate, trigger')
                     or pg_catalog.has_any_column_privilege(a.role, c.oid, 'references'))
            where c.relkind in ('r', 'p', 'v', 'm', 'f')
            and ('pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid) not in (select classid, objid from members)
            group by c.oid
        ),
        parts as (  -- the topmost table that offends, for itself and for its partitions that do
            select h.oid, coalesce((
                select a.relid::oid from pg_catalog.pg_partition_ancestors(h.oid) with ordinality as a (relid, level)
                where a.relid in (select oid from held) order by a.level desc limit 1), h.oid) as top
            from held h
        ),
        granted as (  -- what was granted of it, column by column too
            select h.oid, g.grantee, g.privilege_type
            from held h
            join pg_catalog.pg_class c on c.oid = h.oid
            cross join lateral (
                select x.grantee, x.privilege_type from pg_catalog.aclexplode(c.relacl) as x
                union all
                select x.grantee, x.privilege_type
                from pg_catalog.pg_attribute t cross join lateral pg_catalog.aclexplode(t.attacl) as x
                where t.attrelid = c.oid
            ) as g
            where g.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER') and g.grantee <> c.relowner
            and (g.grantee = 0 or exists (
                select from api a where pg_catalog.pg_has_role(a.oid, g.grantee, 'usage')))
        ),
        handed as (  -- which of it the default privileges of the owner hand out, and what came with all the others
            select g.oid, g.privilege_type, exists (
                       select from pg_catalog.pg_default_acl d
                       cross join lateral pg_catalog.aclexplode(d.defaclacl) as x
                       where d.defaclrole = c.relowner and d.defaclobjtype = 'r'
                       and d.defaclnamespace in (0, c.relnamespace)
                       and x.grantee = g.grantee and x.privilege_type = g.privilege_type) as by_default,
                   {GRANTED_ALL} as whole
            from granted g
            join pg_catalog.pg_class c on c.oid = g.oid
        ),
        given as (  -- relations that hold no more of it than default privileges hand out, or did for another role
            select h.oid, c.relnamespace, c.relowner
            from held h
            join pg_catalog.pg_class c on c.oid = h.oid
            where exists (select from handed g where g.oid = h.oid and g.by_default) and not exists (
                select from handed g where g.oid = h.oid and not g.by_default and not (g.whole and exists (
                    select from handed o where o.oid = g.oid and o.privilege_type = g.privilege_type
                    and o.by_default)))
        )
        select format('default privileges of %%s in %%I', d.relowner::pg_catalog.regrole, n.nspname) as object,
               (select string_agg(distinct lower(g.privilege_type), ', ') from granted g
                where g.oid = any (array_agg(d.oid))) as privileges,
               (select string_agg(distinct one, ', ')
                from held h cross join unnest(pg_catalog.string_to_array(h.roles, ', ')) as one
                where h.oid = any (array_agg(d.oid))) as roles,
               string_agg(c.relname, ', ' order by c.relname) as relations,
               string_agg(format('revoke truncate, references, trigger on %%s from %%s;', c.oid::pg_catalog.regclass,
                                 {RELATION_HELD_BY}), e'\n' order by c.relname)
               || format(e'\nalter default privileges for role %%s in schema %%I\n'
                         || '    revoke truncate, references, trigger on tables from public, %%s;',
                         d.relowner::pg_catalog.regrole, n.nspname,
                         (select string_agg(quote_ident(a.rolname), ', ') from api a)) as fix
        from given d
        join pg_catalog.pg_class c on c.oid = d.oid
        join pg_catalog.pg_namespace n on n.oid = d.relnamespace
        group by d.relowner, n.nspname
        union all
        select case when r.many < 3 then r.relation
                    else format('%%s on tables of %%I by %%s', r.privileges, r.schema, r.roles) end,
               r.privileges, r.roles, case when r.many >= 3 then string_agg(r.name, ', ' order by r.name) end,
               string_agg(r.fix, e'\n' order by r.relation)
        from (
        select c.oid::pg_catalog.regclass::text as relation, n.nspname as schema, c.relname as name, h.privileges,
               h.roles,
               count(*) over (partition by n.oid, h.privileges, h.roles) as many,
               (select string_agg(format('revoke truncate, references, trigger on %%s from %%s;',
                                         c.oid::pg_catalog.regclass,
                                         coalesce({RELATION_HELD_BY}, c.relowner::pg_catalog.regrole::text)), e'\\n')
                from parts p join pg_catalog.pg_class c on c.oid = p.oid where p.top = h.oid) as fix
        from held h
        join pg_catalog.pg_class c on c.oid = h.oid
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where h.oid in (select top from parts) and h.oid not in (select d.oid from given d)
        ) as r
        group by 1, r.privileges, r.roles, r.many
        union all
        select quote_ident(n.nspname), 'create', string_agg(distinct a.rolname, ', '), null,
               format('revoke create on schema %%I from %%s;', n.nspname, coalesce(
                   {HELD.format(grants="select (pg_catalog.aclexplode(n.nspacl)).grantee", owner="n.nspowner")},
                   n.nspowner::pg_catalog.regrole::text))
        from pg_catalog.pg_namespace n
        join api a on pg_catalog.has_schema_privilege(a.oid, n.oid, 'create')
        where n.nspname = any (%(exposed)s) and n.nspname <> all (%(platform_schemas)s)
        and n.nspname !~ '^pg_|^information_schema$'
        group by n.oid, n.nspname, n.nspacl, n.nspowner
        """,
        of="""
        select count(*) as "relations and exposed schemas"
        from pg_catalog.pg_namespace n
        left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f')
        where n.nspname = any (%(exposed)s) and n.nspname <> all (%(platform_schemas)s)
        and exists (select from pg_catalog.pg_roles where rolname = any (%(api_roles)s))
        """,
    )


@mark.policy(
    "EXPO-08",
    severity="P1",
    wrong="Realtime publishes tables that are private or have no row level security",
    runbook=SECURITY,
    fix="alter publication supabase_realtime drop table {object};",
)
def test_realtime_publishes_nothing_private(auditor):
    """No table is published to realtime without row level security, and none that is declared private.

    Realtime asks the policies of a table whom to tell about a change; without row level security it tells everybody
    who may read the table. Tables declared private in access.toml are not published at all. Publications are those
    that realtime uses, supabase_realtime and its kin, by table, by schema and for all tables; a partition is judged by
    itself only where an API role may read it round its parent.
    """
    assert not auditor(
        f"""
        with recursive {SERVED},
        published as (
            select p.oid as publication, p.pubname, p.puballtables, c.oid as relation, c.relispartition,
                   c.relrowsecurity, coalesce((
                       select a.relid from pg_catalog.pg_partition_ancestors(c.oid) with ordinality as a (relid, level)
                       order by a.level desc limit 1), c.oid) as root
            from pg_catalog.pg_publication p
            join pg_catalog.pg_publication_tables t on t.pubname = p.pubname
            join pg_catalog.pg_namespace n on n.nspname = t.schemaname
            join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.tablename
            where p.pubname ~ '^supabase_realtime' and n.nspname <> all (%(platform_schemas)s)
            and c.relpersistence <> 't'
        ),
        problems as (
            select x.*, r.oid::pg_catalog.regclass as object, 'it is declared private' as problem
            from published x join pg_catalog.pg_class r on r.oid in (x.root, x.relation)
            where r.oid::pg_catalog.regclass::text = any (%(private_tables)s)
            union all
            select x.*, case when r.relrowsecurity then x.relation else x.root end::pg_catalog.regclass,
                   'it has no row level security'
            from published x join pg_catalog.pg_class r on r.oid = x.root
            where not r.relrowsecurity or (not x.relrowsecurity and exists (
                select from api a where pg_catalog.has_any_column_privilege(a.oid, x.relation, 'select')))
        )
        select x.object, x.problem, x.pubname as publication, coalesce(
            (select string_agg(format('alter publication %%I drop table %%s;', x.pubname,
                                      m.prrelid::pg_catalog.regclass), e'\\n')
             from pg_catalog.pg_publication_rel m
             where m.prpubid = x.publication
             and (m.prrelid = x.relation or m.prrelid in (select pg_catalog.pg_partition_ancestors(x.relation)))
             and x.problem = 'it is declared private'),
            case when x.problem = 'it has no row level security'
            then '-- Give it row level security, and policies that say who may read which rows, or do not publish it.'
            else '-- The publication is for all tables or for a schema: name the tables to be published instead.' end
        ) as fix
        from problems x
        """,
        of="""
        select count(*) as "tables published to realtime"
        from pg_catalog.pg_publication_tables t
        where t.pubname ~ '^supabase_realtime' and t.schemaname <> all (%(platform_schemas)s)
        """,
    )


@mark.policy(
    "EXPO-09",
    severity="P1",
    wrong="Stored files are open to people who must not have them",
    runbook=SECURITY,
    fix="""
    -- {object}: say whose files they are: bucket_id = '...' and, where they are somebody's own,
    -- owner_id = (select auth.uid())::text or (storage.foldername(name))[1] = (select auth.uid())::text.
    """,
)
def test_storage_is_tied_to_owners_and_buckets(auditor):
    """Buckets are public only as declared, and storage policies tie an object to its owner or bucket.

    Files of a public bucket are served to everybody who knows their name, without any policy. A policy for API roles
    on storage.objects that names neither owner nor bucket opens all buckets, also those that are made later. Each
    branch of an OR must name one; only a further branch may ask one of the project's own functions instead. Restrictive
    policies do not open anything. Nor does a policy show everybody the files of a bucket that is not public and that
    another policy for reading keeps for their owners, or one for writing: where the bucket's name says that its files
    are somebody's own, or where one writes to places of what one belongs to alone. As long as nothing is declared, and
    people sign up by themselves, a name that says it of each is enough (invoices, payslips, lab-results). Nor does a
    policy let everybody add files to a bucket that is not public and of which each place is read by its owners.
    Public buckets are declared in access.toml; as long as nothing is declared, those offend whose files are somebody's
    own by the bucket's name, or that a policy for reading keeps for their owners.
    """
    assert (
        not auditor(
            """
        select b.id as object, 'it is public and not declared so' as problem,
               '-- Decide whether its files are for everybody: then declare the bucket in access.toml. If not, make'
               || ' it private once no page shows its public addresses any more (avatars, mails), but signed ones.'
               as fix
        from storage.buckets b
        where b.public and b.id <> all (%(public_buckets)s)
        and (%(public_buckets)s::text[] <> '{}' or %(declared_tables)s::text[] <> '{}' or b.id ~* %(private)s
             or exists (select from pg_catalog.pg_policy p
                        where p.polrelid = pg_catalog.to_regclass('storage.objects') and p.polcmd = 'r'
                        and pg_catalog.strpos(pg_catalog.pg_get_expr(p.polqual, p.polrelid), quote_literal(b.id)) > 0
                        and pg_catalog.pg_get_expr(p.polqual, p.polrelid) ~ '\\mauth\\.(uid|jwt)\\('))
        """,
            of="storage.buckets",
            private=PRIVATE_FILES,
        )
        + auditor(
            f"""
        with {SERVED}
        select format('%%I on %%s', p.polname, p.polrelid::pg_catalog.regclass) as object,
               'it names neither owner nor bucket' as problem,
               pg_catalog.pg_get_expr(p.polqual, p.polrelid) as _using,
               pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as _check,
               p.polcmd::text as _command
        from pg_catalog.pg_policy p
        where p.polrelid = pg_catalog.to_regclass('storage.objects') and p.polpermissive
        and exists (select from unnest(p.polroles) as named
                    where named = 0 or exists (select from api a where pg_catalog.pg_has_role(a.oid, named, 'usage')))
        """,
            of="""
        select count(*) as "policies on storage.objects" from pg_catalog.pg_policy
        where polrelid = pg_catalog.to_regclass('storage.objects')
        """,
            where=lambda row: not ties(row),
        )
        + auditor(
            f"""
        with {SERVED},
        rules as (
            select p.*, a.rolname, pg_catalog.pg_get_expr(p.polqual, p.polrelid) as condition,
                   concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                             pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as says
            from pg_catalog.pg_policy p
            join api a on exists (select from unnest(p.polroles) as named where case when named = 0 then true
                                  else pg_catalog.pg_has_role(a.oid, named, 'usage') end)
            where p.polrelid = pg_catalog.to_regclass('storage.objects')
            and pg_catalog.has_any_column_privilege(a.oid, p.polrelid, 'select')
        )
        select format('%%I on %%s: bucket %%s', r.polname, r.polrelid::pg_catalog.regclass, b.id) as object,
               case when k.kept then 'everybody reads what another policy keeps for its owners'
                    else 'everybody reads files that are somebody''s own by the bucket''s name' end as problem,
               min(r.rolname) as role,
               b.id as _bucket, r.condition as _using,
               coalesce((select jsonb_agg(o.condition) from rules o
                         where not o.polpermissive and o.polcmd in ('r', '*') and o.rolname = min(r.rolname)
                         and o.condition is not null), '[]')
               as _restrictive
        from rules r
        cross join storage.buckets b
        cross join lateral (
            select exists (select from rules o where o.oid <> r.oid and o.polpermissive
                    and pg_catalog.strpos(o.says, quote_literal(b.id)) > 0
                    and ((o.polcmd in ('r', '*') or b.id ~* %(private)s) and o.says ~ '\\mauth\\.(uid|jwt)\\('
                         -- Where one may write only into folders of one's own tenant, the others do not read there.
                         or b.id !~* %(shown)s and o.says ~ '\\m(name|path_tokens)\\M'
                         and (o.says ~* '\\mfrom\\M'
                              or o.says ~ '\\m(?!(storage|auth|realtime|pg_catalog)\\M)[a-z]\\w*\\.\\w+\\('))) as kept
        ) as k
        where r.polpermissive and r.polcmd in ('r', '*') and r.condition is not null
        and not b.public and b.id <> all (%(public_buckets)s)
        and (k.kept or b.id ~* %(personal)s and %(declared_tables)s::text[] = '{{}}'
                       and %(sign_up)s::text[] && array['email', 'phone', 'anonymous'])
        group by r.oid, r.polname, r.polrelid, r.condition, b.id, k.kept
        """,
            of='select count(*) as "private buckets" from storage.buckets b where not b.public',
            private=PRIVATE_FILES,
            personal=PERSONAL_FILES,
            shown=SHOWN_FILES,
            where=lambda row: ties({**row, "_command": "r", "_check": None}) and lists(row),
        )
        + auditor(
            f"""
        with {SERVED},
        rules as (
            select p.*, a.rolname, pg_catalog.pg_get_expr(p.polqual, p.polrelid) as condition,
                   pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as added
            from pg_catalog.pg_policy p
            join api a on exists (select from unnest(p.polroles) as named where case when named = 0 then true
                                  else pg_catalog.pg_has_role(a.oid, named, 'usage') end)
            where p.polrelid = pg_catalog.to_regclass('storage.objects')
            and pg_catalog.has_any_column_privilege(a.oid, p.polrelid, 'insert')
        )
        select format('%%I on %%s: bucket %%s', r.polname, r.polrelid::pg_catalog.regclass, b.id) as object,
               'everybody adds files where another policy keeps each place for those it belongs to' as problem,
               min(r.rolname) as role, b.id as _bucket, r.added as _using,
               coalesce((select jsonb_agg(o.added) from rules o
                         where not o.polpermissive and o.polcmd in ('a', '*') and o.rolname = min(r.rolname)
                         and o.added is not null), '[]')
               as _restrictive
        from rules r
        cross join storage.buckets b
        where r.polpermissive and r.polcmd in ('a', '*') and r.added is not null
        and not b.public and b.id <> all (%(public_buckets)s)
        and exists (select from rules o where o.oid <> r.oid and o.polpermissive and o.polcmd in ('r', '*')
                    and pg_catalog.strpos(o.condition, quote_literal(b.id)) > 0
                    and o.condition ~ '\\m(name|path_tokens)\\M'
                    and (o.condition ~ '\\mauth\\.(uid|jwt)\\(' or o.condition ~* '\\mfrom\\M'
                         or o.condition ~ '\\m(?!(storage|auth|realtime|pg_catalog)\\M)[a-z]\\w*\\.\\w+\\('))
        group by r.oid, r.polname, r.polrelid, r.added, b.id
        """,
            of='select count(*) as "private buckets" from storage.buckets b where not b.public',
            where=lambda row: ties({**row, "_command": "r", "_check": None}) and lists(row),
        )
        + auditor(
            f"""
        with {SERVED}
        select c.oid::pg_catalog.regclass::text as object, 'it has no row level security' as problem,
               '-- The platform switches it on: see what switched it off, and let the owner of the table mend it.'
               as fix
        from pg_catalog.pg_class c
        where c.oid in (pg_catalog.to_regclass('storage.objects'), pg_catalog.to_regclass('storage.buckets'))
        and not c.relrowsecurity
        and exists (select from api a where pg_catalog.has_any_column_privilege(a.oid, c.oid, 'select, insert, update'))
        """,
            of='select 2 as "storage tables"',
        )
    )


@mark.policy(
    "EXPO-16",
    severity="P2",
    wrong="Anybody can list what a public bucket holds",
    runbook=SECURITY,
    fix="""
    -- {object}: every {role} can list the bucket. Its files are served by their address without any policy: limit the
    -- policy to those who manage them, such as
    --   using (bucket_id = ... and owner_id = (select auth.uid())::text)
    -- or drop it, where the application neither lists, replaces nor removes files with the caller's rights. Where its
    -- files are for everybody who has their address, declare that in access.toml as well ([buckets."{_bucket}"],
    -- public = true): beside a policy that keeps them for their owners nothing else says so, and EXPO-09 asks.
    """,
)
def test_nobody_lists_a_public_bucket(auditor):
    """Nobody can list what a public bucket holds.

    A public bucket serves each file to whoever knows its address, and needs no policy for that. A policy for SELECT on
    storage.objects that asks neither for the caller nor for an owner hands out the addresses: of everybody's pictures,
    and of what was uploaded by mistake. It counts for whoever is signed in as well, which everybody can be.
    """
    assert not auditor(
        f"""
        with {SERVED}
        select format('%%I on %%s: bucket %%s', p.polname, p.polrelid::pg_catalog.regclass, b.id) as object,
               a.rolname as role, b.id as _bucket,
               pg_catalog.pg_get_expr(p.polqual, p.polrelid) as _using,
               array(select pg_catalog.pg_get_expr(r.polqual, r.polrelid) from pg_catalog.pg_policy r
                     where r.polrelid = p.polrelid and not r.polpermissive and r.polcmd in ('r', '*')
                     and r.polqual is not null
                     and exists (select from unnest(r.polroles) as named where case when named = 0 then true
                                 else pg_catalog.pg_has_role(a.oid, named, 'usage') end)) as _restrictive
        from pg_catalog.pg_policy p
        join api a on exists (select from unnest(p.polroles) as named where case when named = 0 then true
                              else pg_catalog.pg_has_role(a.oid, named, 'usage') end)
        cross join storage.buckets b
        where p.polrelid = pg_catalog.to_regclass('storage.objects') and p.polpermissive and p.polcmd in ('r', '*')
        and b.public and pg_catalog.has_any_column_privilege(a.oid, p.polrelid, 'select')
        """,
        of='select count(*) as "public buckets" from storage.buckets b where b.public',
        where=lists,
    )


# What reaches beyond the database, or into its server's files, jobs and secrets: extension or schema, and name.
DANGEROUS = """
dangerous (place, name) as (values
    ('dblink', '^dblink(_connect|_connect_u|_exec|_open|_fetch|_send_query)?$'),
    ('http', '^http(_get|_post|_put|_patch|_delete|_head)?$'),
    ('pg_net', '^http_'), ('net', '^http_'),
    ('pg_cron', '.'), ('cron', '.'),
    ('adminpack', '^pg_'), ('aws_s3', '.'), ('aws_lambda', '.'), ('orafce', '^f(open|copy|remove|rename)$'),
    ('supabase_vault', '.'), ('vault', '.'), ('pgsodium', 'crypt|key|sign|secret')
),
reaching as (
    select p.oid from dangerous x
    join pg_catalog.pg_namespace n on n.nspname = x.place
    join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname ~ x.name
    union
    select p.oid from dangerous x
    join pg_catalog.pg_extension e on e.extname = x.place
    join pg_catalog.pg_depend d on d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.refobjid = e.oid
        and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.deptype = 'e'
    join pg_catalog.pg_proc p on p.oid = d.objid and p.proname ~ x.name
    union
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and p.proname in (
        'pg_read_file', 'pg_read_binary_file', 'pg_stat_file', 'pg_ls_dir', 'pg_ls_logdir', 'pg_ls_waldir',
        'pg_ls_tmpdir', 'pg_ls_archive_statusdir', 'lo_import', 'lo_export', 'pg_file_write', 'pg_file_sync',
        'pg_file_rename', 'pg_file_unlink', 'pg_logdir_ls')
)
"""


@mark.policy(
    "EXPO-10",
    severity="P2",
    wrong="API roles can call functions that reach the network, scheduled jobs, files or secrets",
    runbook=SECURITY,
    fix="""
    -- {roles} reach {object}. Functions and triggers of the project that use it with their caller's rights fail once
    -- that is taken away: make those SECURITY DEFINER first, with a pinned search_path; the owner revokes it then.
    """,
)
def test_api_roles_cannot_call_dangerous_functions(auditor):
    """API roles cannot call extension functions that reach the network, scheduled jobs, files or secrets.

    Whoever can, sends requests from inside the network, runs code later with another's rights, or reads keys.
    Extensions leave PUBLIC the right to execute, so the schema's USAGE is often the only lock; such a function need not
    be in an exposed schema, since any function of the project may hand on the call. Those of one extension are told
    together.
    """
    assert not auditor(
        f"""
        with {SERVED}, {DANGEROUS}
        select coalesce('extension ' || quote_ident(e.extname), p.oid::pg_catalog.regprocedure::text) as object,
               string_agg(distinct a.rolname, ', ') as roles,
               case when e.extname is not null
                   then string_agg(distinct p.oid::pg_catalog.regprocedure::text, ', ') end as functions
        from reaching x
        join pg_catalog.pg_proc p on p.oid = x.oid
        left join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
            and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e'
        left join pg_catalog.pg_extension e on e.oid = d.refobjid
        join api a on pg_catalog.has_function_privilege(a.oid, p.oid, 'execute')
                  and pg_catalog.has_schema_privilege(a.oid, p.pronamespace, 'usage')
        where p.prokind in ('f', 'p') and p.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
        group by 1, e.extname
        union all
        select c.oid::pg_catalog.regclass::text, string_agg(distinct a.rolname, ', '), null
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join api a on pg_catalog.has_any_column_privilege(a.oid, c.oid, 'select, insert, update')
                  and pg_catalog.has_schema_privilege(a.oid, n.oid, 'usage')
        where n.nspname || '.' || c.relname in (
            'vault.secrets', 'vault.decrypted_secrets', 'pgsodium.key', 'pgsodium.valid_key', 'pgsodium.decrypted_key',
            'cron.job', 'net.http_request_queue', 'net._http_response')
        group by c.oid, c.relacl, c.relowner
        """,
        of=f"""
        with {DANGEROUS}
        select count(*) as "functions that reach beyond the database" from reaching
        where exists (select from pg_catalog.pg_roles where rolname = any (%(api_roles)s))
        """,
    )


@mark.policy(
    "EXPO-12",
    severity="P3",
    wrong="Extensions are installed in an exposed schema",
    runbook=SECURITY,
    fix="""
    -- {object} is in {schema}. What names its functions, types and operators there fails once they are elsewhere: see
    -- what does. Then, as the extension's owner (on Supabase the dashboard: switch it off and on again, in extensions):
    -- alter extension {object} set schema extensions; one that cannot be moved is dropped and created again.
    """,
)
def test_no_extension_is_in_an_exposed_schema(auditor):
    """No extension is installed in an exposed schema.

    The API would serve its functions and tables to everybody, and its names stand in the way of the project's own.
    """
    assert not auditor(
        """
        select quote_ident(e.extname) as object, quote_ident(n.nspname) as schema
        from pg_catalog.pg_extension e
        join pg_catalog.pg_namespace n on n.oid = e.extnamespace
        where n.nspname = any (%(exposed)s) and n.nspname <> all (%(platform_schemas)s) and n.nspname <> 'pg_catalog'
        """,
        of="select count(*) as extensions from pg_catalog.pg_extension",
    )


@mark.policy(
    "EXPO-13",
    severity="P3",
    wrong="Future tables, sequences or functions will be open to anon",
    runbook=SECURITY,
    fix="""
    -- {object}: let the role itself, or a superuser, take back what it gives on all that it will create ({gives}):
    -- alter default privileges for role ... in schema ... revoke all on ... from ...;
    """,
)
def test_default_privileges_hand_nothing_to_anon(auditor):
    """Default privileges will not hand future tables, sequences or functions to anon.

    With the platform's historic defaults every new table is open to everybody until its row level security is switched
    on. PUBLIC counts, since anon is part of it, and so does PostgreSQL's own default that PUBLIC may execute every new
    function, for roles that have functions in exposed schemas; revoking it for one schema has no effect, only for all.
    The defaults of a role are one finding. The platform's own roles and schemas are left out.
    """
    assert not auditor(
        f"""
        with {SERVED},
        anon as (select a.oid from api a where a.rolname = 'anon'),
        makers as (
            select distinct p.proowner as role from pg_catalog.pg_proc p
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname = any (%(exposed)s) and n.nspname <> all (%(platform_schemas)s)
            and ('pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid) not in (select classid, objid from members)
        ),
        defaults as (
            select d.defaclrole as role, d.defaclnamespace as schema, d.defaclobjtype as kind, d.defaclacl as acl
            from pg_catalog.pg_default_acl d
            where d.defaclobjtype in ('r', 'S', 'f')
            union all
            select m.role, 0, 'f', pg_catalog.acldefault('f', m.role) from makers m
            where not exists (select from pg_catalog.pg_default_acl d
                              where d.defaclrole = m.role and d.defaclnamespace = 0 and d.defaclobjtype = 'f')
        )
        , handing as (
        select d.role::pg_catalog.regrole::text as role,
               concat(kind.name, ' in ' || quote_ident(n.nspname)) as what, string_agg(distinct g.name, ', ') as names,
               -- Supabase's postgres may not do it for roles that it does not belong to.
               case when not exists (
                   select from pg_catalog.pg_roles own where own.rolname = 'postgres'
                   and not pg_catalog.pg_has_role(own.oid, d.role, 'usage'))
               then format('alter default privileges for role %%s%%s revoke all on %%s from %%s;',
                           d.role::pg_catalog.regrole, ' in schema ' || quote_ident(n.nspname), kind.name,
                           string_agg(distinct g.name, ', ')) end as fix
        from defaults d
        join (values ('r', 'tables'), ('S', 'sequences'), ('f', 'functions')) as kind (code, name) on kind.code = d.kind
        join pg_catalog.pg_roles r on r.oid = d.role and r.rolname <> all (%(platform_roles)s)
        left join pg_catalog.pg_namespace n on n.oid = d.schema
        cross join lateral (
            select a.grantee, case a.grantee when 0 then 'public' else a.grantee::pg_catalog.regrole::text end as name
            from pg_catalog.aclexplode(d.acl) as a
        ) as g
        where coalesce(n.nspname <> all (%(platform_schemas)s), true)
        and g.grantee <> d.role
        and exists (select from anon where g.grantee = 0 or pg_catalog.pg_has_role(anon.oid, g.grantee, 'usage'))
        group by d.role, n.nspname, kind.name
        )
        select h.role as object, string_agg(format('%%s to %%s', h.what, h.names), '; ' order by h.what) as gives,
               string_agg(h.fix, e'\n' order by h.what) as fix
        from handing h
        group by h.role
        """,
        of="""
        select count(*) as "roles that are not the platform's" from pg_catalog.pg_roles r
        where r.rolname <> all (%(platform_roles)s) and r.rolname !~ '^pg_'
        and 'anon' in (select rolname from pg_catalog.pg_roles)
        """,
    )


@mark.policy(
    "EXPO-14",
    severity="P3",
    wrong="Private tables or message queues are visible through the API",
    runbook=SECURITY,
    fix="""
    -- {object}: {problem}, to {roles}. If no client uses GraphQL, or the queue, drop the extension or revoke usage on
    -- its schema. If one does, take from these roles what they need not hold on it; clients that use it fail then.
    """,
)
def test_graphql_and_queues_are_not_open(auditor):
    """Private tables are not visible through GraphQL introspection, and message queues not through the API.

    GraphQL (pg_graphql) describes every table on which the caller holds a privilege, with all of its columns; private
    are the tables declared so in access.toml. Queues (pgmq) hold work of the server, often with personal data in it.
    """
    assert not auditor(
        f"""
        with {SERVED},
        entrances as (
            select p.oid, p.pronamespace as schema from pg_catalog.pg_proc p
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ('graphql', 'graphql_public') and p.proname in ('graphql', 'resolve')
        ),
        seeing as (
            select a.oid, a.rolname from api a
            where exists (select from pg_catalog.pg_extension where extname = 'pg_graphql')
            and (not exists (select from entrances) or exists (
                select from entrances e where pg_catalog.has_function_privilege(a.oid, e.oid, 'execute')
                and pg_catalog.has_schema_privilege(a.oid, e.schema, 'usage')))
        )
        select c.oid::pg_catalog.regclass::text as object, 'GraphQL shows it' as problem,
               string_agg(distinct r.rolname, ', ') as roles
        from pg_catalog.pg_class c
        join served s on s.schema = c.relnamespace
        join seeing r on r.oid = s.role
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.oid::pg_catalog.regclass::text = any (%(private_tables)s)
        and (pg_catalog.has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
             or pg_catalog.has_table_privilege(r.oid, c.oid, 'delete'))
        group by c.oid
        union all
        select c.oid::pg_catalog.regclass::text, 'the API serves this queue', string_agg(distinct a.rolname, ', ')
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'pgmq'
        join api a on pg_catalog.has_schema_privilege(a.oid, n.oid, 'usage')
                  and (pg_catalog.has_any_column_privilege(a.oid, c.oid, 'select, insert, update')
                       or pg_catalog.has_table_privilege(a.oid, c.oid, 'delete'))
        where c.relkind in ('r', 'p') and c.relname ~ '^[qa]_' and not c.relispartition
        and exists (select from pg_catalog.pg_extension where extname = 'pgmq')
        and exists (select from pg_catalog.pg_namespace e where e.nspname = any (%(exposed)s || array['pgmq_public'])
                    and e.nspname in ('pgmq', 'pgmq_public') and pg_catalog.has_schema_privilege(a.oid, e.oid, 'usage'))
        group by c.oid, c.relacl, c.relowner
        """,
        of="""
        select count(*) as "extensions for GraphQL or queues" from pg_catalog.pg_extension
        where extname in ('pg_graphql', 'pgmq')
        """,
    )


# Every text that people write into a database beside its rows: "place" says where it stands.
TEXTS = """
with members as (
    select d.classid, d.objid from pg_catalog.pg_depend d where d.deptype = 'e'
),
jobs as (  -- pg_cron's, in overlapping pieces: ts_stat puts a query about a table that is there with pg_cron only
    select pg_catalog.split_part(found.word, ' ', 1) as job,
           pg_catalog.substr(found.word, pg_catalog.strpos(found.word, ' ') + 1) as text
    from pg_catalog.ts_stat(case
        when pg_catalog.has_column_privilege(pg_catalog.to_regclass('cron.job'), 'jobid', 'select')
             and pg_catalog.has_column_privilege(pg_catalog.to_regclass('cron.job'), 'command', 'select')
             and pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('cron'), 'usage')
        then 'select array_to_tsvector(array[j.jobid || '' '' || substr(encode(convert_to(j.command, ''UTF8''), '
             || '''escape''), piece, 1900)]) from cron.job j, generate_series(1, length(j.command), 900) piece'
        end) as found
),
texts as (
    select 'function ' || p.oid::pg_catalog.regprocedure as place,
           pg_catalog.concat_ws(E'\n', p.prosrc, pg_catalog.array_to_string(p.proconfig, E'\n'),
               pg_catalog.pg_get_function_arguments(p.oid),
               case when p.prosrc = '' and p.prokind in ('f', 'p')
                    then pg_catalog.pg_get_functiondef(p.oid) end) as text
    from pg_catalog.pg_proc p
    where p.oid >= 16384 and p.prokind <> 'a'
    and ('pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid) not in (select classid, objid from members)
    union all
    select pg_catalog.format('default of %%s.%%I', f.adrelid::pg_catalog.regclass, a.attname),
           pg_catalog.pg_get_expr(f.adbin, f.adrelid)
    from pg_catalog.pg_attrdef f
    join pg_catalog.pg_attribute a on a.attrelid = f.adrelid and a.attnum = f.adnum
    union all
    select pg_catalog.format('constraint %%I on %%s', k.conname, k.conrelid::pg_catalog.regclass),
           pg_catalog.pg_get_constraintdef(k.oid)
    from pg_catalog.pg_constraint k where k.contype = 'c' and k.oid >= 16384
    union all
    select pg_catalog.format('policy %%I on %%s', p.polname, p.polrelid::pg_catalog.regclass),
           pg_catalog.concat_ws(E'\n', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
    from pg_catalog.pg_policy p
    union all
    select pg_catalog.format('trigger %%I on %%s', g.tgname, g.tgrelid::pg_catalog.regclass),
           pg_catalog.pg_get_triggerdef(g.oid)
    from pg_catalog.pg_trigger g where not g.tgisinternal
    union all
    select 'view ' || c.oid::pg_catalog.regclass, pg_catalog.pg_get_viewdef(c.oid)
    from pg_catalog.pg_class c
    where c.relkind in ('v', 'm') and c.oid >= 16384
    and ('pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid) not in (select classid, objid from members)
    union all
    select 'rule of ' || r.ev_class::pg_catalog.regclass, pg_catalog.pg_get_ruledef(r.oid)
    from pg_catalog.pg_rewrite r where r.ev_type <> '1' and r.oid >= 16384
    union all
    select 'comment on ' || pg_catalog.pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
    from pg_catalog.pg_description d where d.objoid >= 16384
    union all
    select 'comment on ' || pg_catalog.pg_describe_object(d.classoid, d.objoid, 0), d.description
    from pg_catalog.pg_shdescription d
    where d.classoid <> 'pg_catalog.pg_database'::pg_catalog.regclass
    or d.objoid = (select b.oid from pg_catalog.pg_database b where b.datname = pg_catalog.current_database())
    union all
    select pg_catalog.format('foreign server %%I', s.srvname), pg_catalog.array_to_string(s.srvoptions, E'\n')
    from pg_catalog.pg_foreign_server s
    union all
    select pg_catalog.format('foreign data wrapper %%I', w.fdwname), pg_catalog.array_to_string(w.fdwoptions, E'\n')
    from pg_catalog.pg_foreign_data_wrapper w
    union all
    select 'foreign table ' || t.ftrelid::pg_catalog.regclass, pg_catalog.array_to_string(t.ftoptions, E'\n')
    from pg_catalog.pg_foreign_table t
    union all
    select pg_catalog.format('user mapping for %%I on server %%I', m.usename, m.srvname),
           pg_catalog.array_to_string(m.umoptions, E'\n')
    from pg_catalog.pg_user_mappings m
    union all
    select pg_catalog.concat_ws(' ', 'settings', 'of role ' || pg_catalog.quote_ident(r.rolname),
                                'of database ' || pg_catalog.quote_ident(d.datname)),
           pg_catalog.array_to_string(o.setconfig, E'\n')
    from pg_catalog.pg_db_role_setting o
    left join pg_catalog.pg_roles r on r.oid = o.setrole
    left join pg_catalog.pg_database d on d.oid = o.setdatabase
    where d.datname is null or d.datname = pg_catalog.current_database()
    union all
    select 'cron job ' || j.job, j.text from jobs j
)
"""


@mark.policy(
    "EXPO-15",
    severity="P0",
    wrong="A secret stands in the database's own text",
    runbook=SECURITY,
    fix="""
    -- {object} holds {kind}. Whoever can read the schema, a dump or a backup has it.
    -- Make it invalid first: have a new one made where it comes from. Keep the new one in Vault, and read it there:
    --   select vault.create_secret('...', 'name');
    --   select decrypted_secret from vault.decrypted_secrets where name = 'name'
    """,
)
def test_no_secret_stands_in_the_databases_text(auditor):
    """No secret stands in the database's own text.

    A function's body, a default, a comment, the arguments of a webhook's trigger, the command of a job, the options of
    a foreign server and the settings of roles are in every dump, and most of them are for everybody to read who can
    connect. Secrets are tokens of the service role (decoded: those of anon are public, and so are those of Supabase's
    local development), keys in the forms that providers give them, private keys, and passwords in addresses and
    connections. The report says where and of what kind, never the value. Rows of tables are not looked at.
    """
    assert not auditor(
        TEXTS
        + """
        select t.place as object, kind, t.text as _text
        from texts t cross join unnest(%(kinds)s::text[]) as kind
        where t.text ~ '(eyJ|PRIVATE KEY|://|password|sk-|sk_|rk_|whsec_|sb_secret_|sbp_|gh[pousr]_|github_pat_|xox|'
                       'slack|SG[.]|re_|AKIA)'
        """,
        of=TEXTS.replace("%%", "%") + "select count(*) as texts from texts",
        where=lambda row: holds_secret(row["kind"], row["_text"]),
        kinds=list(KINDS),
        blind="""
        select 'the audit may not read cron.job: the commands of other roles', pg_catalog.concat_ws(' ',
                   pg_catalog.format('grant usage on schema cron to %I;', current_user),
                   pg_catalog.format('grant select on cron.job to %I;', current_user),
                   pg_catalog.format('alter role %I bypassrls;', current_user))
        from pg_catalog.pg_class c where c.oid = pg_catalog.to_regclass('cron.job')
        and (not pg_catalog.has_column_privilege(c.oid, 'jobid', 'select')
             or not pg_catalog.has_column_privilege(c.oid, 'command', 'select')
             or not pg_catalog.has_schema_privilege(c.relnamespace, 'usage')
             or pg_catalog.row_security_active(c.oid))
        union all
        select pg_catalog.format('the options of the user mapping for %I on server %I are hidden from the audit',
                                 m.usename, m.srvname), null
        from pg_catalog.pg_user_mappings m
        where m.umoptions is null and not exists (
            select from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper)
        """,
    )


@mark.policy(
    "EXPO-17",
    severity="P2",
    wrong="Anybody can select from private tables through GraphQL",
    runbook=SECURITY,
    fix="""
    -- {object}: take SELECT from anon (and from PUBLIC, granting it to those who need it), once no policy of another
    -- table, view or function looks at it with a visitor's rights: what does would fail instead of finding nothing.
    """,
)
def test_graphql_shows_visitors_no_private_table(auditor):
    """Private tables are not selectable by anon where GraphQL (pg_graphql) is installed.

    GraphQL describes every table that the caller may select from, with all columns and references, to whoever has the
    public key; the historic default grants include anon. Private are the tables that access.toml declares so, and those
    of which no policy shows a visitor a single row: there the grant does nothing else. Insert without select is left
    alone. Tables without row level security are RLS-01's, and those of the platform are the platform's. What tables
    have from default privileges is one cause and one finding.
    """
    found = auditor(
        f"""
        with {SERVED},
        entrances as (
            select p.oid, p.pronamespace as schema from pg_catalog.pg_proc p
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ('graphql', 'graphql_public') and p.proname in ('graphql', 'resolve')
        ),
        visitors as (
            select a.oid from api a
            where a.rolname = 'anon' and (not exists (select from entrances) or exists (
                select from entrances e where pg_catalog.has_function_privilege(a.oid, e.oid, 'execute')
                and pg_catalog.has_schema_privilege(a.oid, e.schema, 'usage')))
        )
        select c.oid::pg_catalog.regclass as object,
               c.oid::pg_catalog.regclass::text = any (%(private_tables)s) as declared_private,
               c.oid::pg_catalog.regclass::text = any (%(private_tables)s) as _declared,
               case when c.oid::pg_catalog.regclass::text <> all (%(private_tables)s) and not exists (
                   select from pg_catalog.aclexplode(c.relacl) as g
                   where g.privilege_type = 'SELECT' and g.grantee <> c.relowner
                   and case when g.grantee = 0 then true else pg_catalog.pg_has_role(v.oid, g.grantee, 'usage') end
                   and not exists (
                       select from pg_catalog.pg_default_acl d
                       cross join lateral pg_catalog.aclexplode(d.defaclacl) as x
                       where d.defaclrole = c.relowner and d.defaclobjtype = 'r'
                       and d.defaclnamespace in (0, c.relnamespace)
                       and x.privilege_type = 'SELECT'
                       and (x.grantee = g.grantee or (x.grantee <> d.defaclrole and {GRANTED_ALL}))))
               and pg_catalog.has_table_privilege(v.oid, c.oid, 'select')
               then format('default privileges of %%s in %%I', c.relowner::pg_catalog.regrole, n.nspname) end
               as given_by,
               array(select coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true') from pg_catalog.pg_policy p
                     where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*')
                     and exists (select from unnest(p.polroles) as named where case when named = 0 then true
                                 else pg_catalog.pg_has_role(v.oid, named, 'usage') end)) as _selects
        from pg_catalog.pg_class c
        join served s on s.schema = c.relnamespace
        join visitors v on v.oid = s.role
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname <> all (%(platform_schemas)s)
        where c.relkind in ('r', 'p') and c.relrowsecurity and not c.relispartition
        and exists (select from pg_catalog.pg_extension where extname = 'pg_graphql')
        and pg_catalog.has_any_column_privilege(v.oid, c.oid, 'select')
        and c.oid::pg_catalog.regclass::text <> all (%(public_tables)s)
        and ('pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid) not in (select classid, objid from members)
        """,
        of="select count(*) as \"GraphQL extensions\" from pg_catalog.pg_extension where extname = 'pg_graphql'",
        where=lambda row: row["_declared"] or shows_nothing_to_visitors(row),
    )
    assert not gathered(found, "given_by")


@mark.policy(
    "EXPO-05",
    severity="P0",
    wrong="Functions let callers read or change what belongs to others, by passing another id",
    runbook=SECURITY,
    fix="""
    -- {object}: let the function compare what it is given with auth.uid(), and answer about the caller's own only.
    """,
)
def test_no_function_serves_other_peoples_ids(anon, nobody, pending, stranger):
    """No function lets a caller read or change what is not theirs by passing somebody else's id.

    People who take part in nothing call each function that the API serves with the ids of members and of their rows.
    What they are given is searched for private values that they cannot read directly; how to reach a person always
    counts, another column of a row that they see only where the function withholds none. Changed rows count when they
    are somebody else's and the caller could not have changed them directly: not what a row that they see counts (views,
    likes), nor that they put themselves where nobody was. New rows count when they are in the name of the member whose
    id was passed. A figure (a balance, a sum, how many) is told where it is another one once the rows that mention the
    id are taken out, and the caller sees nothing of the table that the id is from; where they see some of it, figures
    that are private by their names count. Somebody who belongs to a group of their own passes that one with a row of
    others, too. Functions that reach out of the database are not called: they leave this policy unchecked.
    """
    assert not abused(anon | nobody | pending | stranger)


@mark.policy(
    "EXPO-11",
    severity="P0",
    wrong="Private values reach people who are not entitled to them",
    runbook=CONSENT,
    fix="-- {object}: see what it gives away, and leave that out.",
)
def test_no_private_value_reaches_the_unentitled(anon, nobody, pending, stranger):
    """No private value reaches anybody who is not entitled to it, through any table, view or function.

    Every text that occurs once in a column tells where it was read. People who take part in nothing read all views,
    and all functions without arguments, and are given none that they cannot read in its own table; nor a user's e-mail
    address or phone number from any table. Their own rows are theirs. Of tables that no API role reads directly only
    what is private by its name counts.
    """
    assert not given_away(anon | nobody | pending | stranger)


@mark.policy(
    "EXPO-18",
    severity="P1",
    wrong="Outsiders can read the codes, tokens or links that let one in",
    runbook=SECURITY,
    fix="""
    -- {object}: keep the rows to whose they are, or the column out of the grants for reading.
    """,
)
def test_nobody_outside_reads_what_lets_one_in(matrix):
    """Nobody outside reads the codes, tokens and links that let one in.

    An event may be listed for everybody, and its door code beside it is then, too: policies know rows and not columns.
    It is told of tables that nobody has declared, whose other policies tie rows to somebody, and of which visitors,
    guests or members who take part in nothing were seen to read rows of others. Columns count by their names (an
    invitation's code, a password, a reset link), or because they are filled at random and are no id.
    """
    assert not matrix.codes()


@mark.policy(
    "EXPO-19",
    severity="P1",
    wrong="Visitors can read how to reach persons",
    runbook=SECURITY,
    fix="""
    -- {object}: take the columns from anon, or keep them apart from what is for everybody.
    """,
)
def test_visitors_read_no_way_to_reach_a_person(matrix):
    """Visitors read no way to reach a person, and nothing that identifies one.

    A profile may be shown to everybody, and its telephone number, e-mail address or date of birth beside it is then,
    too. It is told of tables that nobody has declared, that have one row for each person and a policy that ties it to
    them, where somebody who is not signed in was seen to read such a column of somebody. A firm's or a shop's address
    is its own to give.
    """
    assert not matrix.persons()
