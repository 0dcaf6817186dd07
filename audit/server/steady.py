"""Whether the schema is still what the migrations made it: what runs while rows are made may change it.

Checks, domains, defaults and sign-up triggers of the project may call functions with its owner's rights. One that drops
an open policy when the first row comes would have the audit judge another schema than the one that is there until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audit.evidence import safe
from audit.question import Connection
from audit.server_errors import Altered

# So many are named.
MOST = 3

# What there is, by its name, with a digest of all that decides what it lets through. What belongs to a table is
# the table's. Statistics and the like, which the server changes by itself, are left out.
_SCHEMA = """
with mine as materialized (
    select c.* from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.relpersistence <> 't'
    and n.nspname !~ '^pg_|^information_schema$'
), part as (
    select p.polrelid as of, p::text as said from pg_catalog.pg_policy p
    union all
    select t.tgrelid, t::text from pg_catalog.pg_trigger t where not t.tgisinternal
    union all
    select r.ev_class, r::text from pg_catalog.pg_rewrite r
    union all
    select k.conrelid, k::text from pg_catalog.pg_constraint k
    union all
    select d.adrelid, d::text from pg_catalog.pg_attrdef d
    union all
    select a.attrelid, pg_catalog.concat_ws(' ', a.attname, a.atttypid, a.attnotnull, a.attisdropped, a.attacl)
    from pg_catalog.pg_attribute a where a.attnum > 0
    union all
    select m.oid, pg_catalog.concat_ws(
        ' ', m.relnamespace, m.relowner, m.relrowsecurity, m.relforcerowsecurity, m.reloptions, m.relacl)
    from mine m
), found as (
    select pg_catalog.format('%I.%I', m.relnamespace::pg_catalog.regnamespace::text, m.relname) as name,
           pg_catalog.string_agg(p.said, chr(10) order by p.said collate "C") as said
    from mine m join part p on p.of = m.oid group by 1
    union all
    select pg_catalog.concat_ws('.', nullif(p.pronamespace::pg_catalog.regnamespace::text, ''), p.proname) || '('
           || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', p::text
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_|^information_schema$'
    union all
    select 'schema ' || n.nspname, n::text from pg_catalog.pg_namespace n where n.nspname !~ '^pg_'
    union all
    select 'default privileges', d::text from pg_catalog.pg_default_acl d
    union all
    select 'the settings of ' || coalesce(r.rolname, 'everybody'), s.setconfig::text
    from pg_catalog.pg_db_role_setting s left join pg_catalog.pg_roles r on r.oid = s.setrole
    left join pg_catalog.pg_database d on d.oid = s.setdatabase
    where s.setdatabase = 0 or d.datname = pg_catalog.current_database()
    union all
    select 'the membership of ' || m.member::pg_catalog.regrole::text || ' in ' || m.roleid::pg_catalog.regrole::text,
           m.admin_option::text
    from pg_catalog.pg_auth_members m
)
select name, pg_catalog.md5(pg_catalog.string_agg(said, chr(10) order by said collate "C")) from found group by name
"""


@contextmanager
def steady(connection: Connection) -> Iterator[None]:
    """Have the schema stay as it is, but for what comes new.

    New objects are none of ours to mind: a trigger may make partitions, or a schema for each customer.

    Raises Altered, naming what is not as it was, and psycopg.Error.
    """
    before = _schema(connection)
    yield
    after = _schema(connection)
    other = sorted(name for name, said in before.items() if after.get(name) != said)
    if other:
        more = f" and {len(other) - MOST} more" if len(other) > MOST else ""
        raise Altered(
            f"code of the project that runs while rows are made changes the schema ({safe(', '.join(other[:MOST]))}"
            f"{more}); take that out of what checks, defaults, domains, indexes and sign-up triggers call: what it "
            "makes of the schema is not what the migrations say"
        )


def _schema(connection: Connection) -> dict[str, str]:
    return dict(connection.execute(_SCHEMA, prepare=False).fetchall())
