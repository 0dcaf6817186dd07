"""What stays of people who leave: their user is deleted, and what was theirs alone is looked for afterwards."""

from __future__ import annotations

import re

from psycopg import sql

from audit.actors import Actor
from audit.evidence import Evidence, Population, Row, safe
from audit.names import TRAILS, telling_columns
from audit.people import CAST
from audit.probes.calling import prepared
from audit.question import Cursor, define
from audit.server_errors import NAMING_CLASSES

LEAVING = ("alice", "bob", "admin")

# "personal": what only a person's user and profile (or whatever has the user's id as its key) hold; "leave" deletes the
# user and returns where those texts, or the person's id beside a text about them, still are.
_LEAVE = r"""
create temp table personal (who text, value text) on commit drop;

create function pg_temp.gather(leavers text[]) returns void language plpgsql as $gather$
declare
    t record;
begin
    for t in
        select a.name, a.key[1] as key,
               a.texts || case when a.name = 'auth.users' then '{raw_user_meta_data}'::text[] else '{}' end as texts
        from pg_temp.audited a
        where a.key_type is not null and exists (
            select from pg_temp.stored s where s.relation = a.name and s.key = any (leavers))
    loop
        execute pg_catalog.format(
            'insert into pg_temp.personal
             select min(r.content ->> %L), leaf
             from (select pg_catalog.to_jsonb(x) as content from %s as x) as r
             cross join lateral pg_catalog.jsonb_each(r.content) as e
             cross join lateral pg_temp.leaves(e.value) as leaf
             where e.key = any ($1) and length(leaf) > 5
             group by leaf having count(distinct r.content ->> %1$L) = 1 and min(r.content ->> %1$L) = any ($2)',
            t.key, t.name) using t.texts, leavers;
    end loop;
end $gather$;

create function pg_temp.leave(who text, caller name, trails text, personal text)
returns table (relation text, attribute text, kind text, code text, message text, named text)
language plpgsql as $leave$
declare
    mine text[] := array(select distinct p.value from pg_temp.personal p where p.who = leave.who);
    t record;
    place text;
    hits record;
    found jsonb := '[]';
    problem record;
begin
    begin
        perform pg_catalog.set_config('role', caller, true);
        delete from auth.users u where u.id::text = who;
        set constraints all immediate;
        perform pg_catalog.set_config('role', 'none', true);
        for t in
            select a.name, a.oid, array(
                select quote_ident(c.attname) from pg_catalog.pg_attribute c
                join pg_catalog.pg_type y on y.oid = c.atttypid
                where c.attrelid = a.oid and c.attnum > 0 and not c.attisdropped
                and (y.typcategory in ('S', 'A') or y.typname in ('json', 'jsonb', 'uuid') or y.typtype in ('d', 'c'))
            ) as columns
            from pg_temp.audited a
            where not a.partition and a.name <> 'auth.users' and a.relname !~* trails
        loop
            continue when t.columns = '{}';
            for hits in execute pg_catalog.format(
                'select e.key as attribute,
                        bool_or(exists (select from unnest($1) as m where pg_catalog.strpos(leaf, m) > 0)) as text,
                        -- What is said beside a list of people is not about one of them.
                        bool_or(leaf = $2 and pg_catalog.jsonb_typeof(e.value) <> ''array'' and exists (
                            select from pg_catalog.jsonb_each_text(r.content) as o
                            where o.key ~* $3 and length(o.value) > 1)) as id
                 from (
                     select pg_catalog.to_jsonb(x) as content from (select %s from %s) as x
                     where exists (
                         select from unnest($1 || $2) as m where pg_catalog.strpos(x::text, m) > 0)
                 ) as r
                 cross join lateral pg_catalog.jsonb_each(r.content) as e
                 cross join lateral pg_temp.leaves(e.value) as leaf
                 group by 1', pg_catalog.array_to_string(t.columns, ', '), t.name) using mine, who, personal
            loop
                if hits.text or hits.id then
                    found := found || pg_catalog.jsonb_build_object(
                        'r', t.name, 'a', hits.attribute, 'k', case when hits.text then 'text' else 'id' end);
                end if;
            end loop;
        end loop;
        raise exception using errcode = 'ZZ000';
    exception
        when sqlstate 'ZZ000' then null;
        when insufficient_resources or operator_intervention then raise;
        when others then
            get stacked diagnostics code = returned_sqlstate, message = message_text, named = constraint_name,
                attribute = column_name, relation = table_name, place = schema_name;
            relation := pg_catalog.format('%I.%I', place, relation);
            kind := 'refused';
            return next;
            return;
    end;
    code := null; message := null; named := null;
    for problem in
        select x ->> 'r' as relation, x ->> 'a' as attribute, x ->> 'k' as kind
        from pg_catalog.jsonb_array_elements(found) as x
    loop
        relation := problem.relation; attribute := problem.attribute; kind := problem.kind;
        return next;
    end loop;
end $leave$
"""

_KEY = """
select pg_catalog.pg_get_constraintdef(k.oid), exists (
           select from pg_catalog.pg_attribute a
           where a.attrelid = k.conrelid and a.attnum = any (k.conkey) and a.attnotnull),
       pg_catalog.format('%%I on %%s', k.conname, k.conrelid::pg_catalog.regclass)
from pg_catalog.pg_constraint k
where k.contype = 'f' and k.conrelid = pg_catalog.to_regclass(%s) and k.conname = %s
"""

_COLUMN = """
select pg_catalog.format('%%s.%%I', %(relation)s::text, %(column)s::text), pg_catalog.format(
    'delete from %%1$s as t where t.%%2$I is not null and not exists (select from auth.users u where u.id = t.%%2$I);
alter table %%1$s add foreign key (%%2$I) references auth.users (id) on delete cascade;',
    %(relation)s::text, %(column)s::text),
    exists (select from pg_catalog.pg_attribute a where a.attrelid = pg_catalog.to_regclass(%(relation)s)
            and a.attname = %(column)s and a.atttypid = 'pg_catalog.uuid'::pg_catalog.regtype)
"""


def remains(service: Actor) -> Evidence:
    """Return what stops the deletion of users, and the columns in which something of a deleted person stays.

    Raises Unchecked on a live database, and when the server gave no answer.
    """
    stage = service.stage
    found: dict[str, Row] = {}
    with prepared(stage) as cursor:
        define(cursor, _LEAVE)
        cursor.execute("select pg_temp.gather(%s)", [[CAST[name].id for name in LEAVING]])
        personal = {who for (who,) in cursor.execute("select distinct who from pg_temp.personal").fetchall()}
        tried = 0
        for name in LEAVING:
            person = CAST[name]
            with stage.savepoint(None, "json", keep=False) as inner:
                inner.execute(
                    "select x.* from pg_temp.leave(%s, %s, %s, %s) as x where exists (select from auth.users u"
                    " where u.id::text = %s)",
                    [person.id, service.people[0].role, TRAILS, telling_columns(service.stage.known), person.id],
                )
                answers = inner.fetchall()
            tried += person.id in personal
            for relation, attribute, kind, code, message, constraint in answers:
                if kind == "refused":
                    row = _refused(cursor, relation, code, message, constraint)
                else:
                    row = _left(cursor, relation, attribute, kind)
                found.setdefault(row.object, row)
    return Evidence(
        list(found.values()),
        about=f"{service.people[0].name}: delete from auth.users",
        log=stage.log,
        population=Population(tried, "users who have something personal to leave"),
        unjudgeable=stage.gap,
        question="delete from auth.users where id = $1",
    )


def _refused(cursor: Cursor, relation: str | None, code: str, message: str, constraint: str | None) -> Row:
    """Return the finding that a user could not be deleted: the foreign key that is in the way, or the error."""
    key = cursor.execute(_KEY, [relation, constraint]).fetchone() if relation and constraint else None
    if key is None:
        error = f"{safe(message)} ({code})" if code[:2] in NAMING_CLASSES else code
        fix = f"-- The deletion of a user fails: {error}. Mend the trigger or function that it fails in."
        return Row("auth.users", {"problem": "a user cannot be deleted", "error": error}, {}, fix)
    definition, required, title = key
    bare = re.sub(r" ON DELETE (NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)( \([^)]*\))?", "", definition)
    kept, late = re.fullmatch(r"(.*?)((?: (?:NOT )?DEFERRABLE.*)?(?: NOT VALID)?)", bare, re.DOTALL).groups()  # type: ignore[union-attr]
    name = sql.Identifier(constraint or "").as_string(None)
    action = "cascade" if required else "set null"
    fix = (
        f"alter table {relation} drop constraint {name};\n"
        f"alter table {relation} add constraint {name} {kept} on delete {action}{late};"
    )
    return Row(safe(title), {"problem": "a user cannot be deleted", "error": code}, {}, fix)


def _left(cursor: Cursor, relation: str, attribute: str, kind: str) -> Row:
    """Return the finding that something of a deleted person stayed in a column."""
    given = {"relation": relation, "column": attribute}
    title, fix, is_id = cursor.execute(_COLUMN, given).fetchone() or ("?", "", False)
    if kind == "text" or not is_id:
        fix = f"-- {safe(title)}: delete or blank it together with the user, or do not copy it there at all."
    problem = "their own texts stay" if kind == "text" else "their id stays beside a text about them"
    return Row(safe(title), {"problem": problem}, {}, fix)
