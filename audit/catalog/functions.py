"""What functions do, all that they call included: whether they ask who is calling, and whether they touch anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from audit.catalog.calls import Calls, Source, on_path
from audit.catalog.shown import harmless
from audit.names import RANDOM, lets_in

# What a caller has to know: the names of such arguments. A "key" alone may be that of a setting, a "code" a country's.
_KNOWN_TO_HOLDERS = re.compile(
    r"(.*_)?(token|secret|passcode|password|passphrase|otp|pin"
    r"|(share|access|api|invite|invitation|edit|join|reset|claim|magic|device|private)_(key|code|hash|link))(_(hash|text|value|id))?",
    re.IGNORECASE,
)

# Supabase's functions about the caller: https://supabase.com/docs/guides/database/postgres/row-level-security
IDENTITY = {("auth", "uid"), ("auth", "jwt"), ("auth", "role"), ("auth", "email")}


# The columns of a project's tables that may hold a code.
COLUMNS = """
select c.relname::text as table, a.attname::text as column,
       coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') as default, i.indrelid is not null as key
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type y on y.oid = a.atttypid and (y.typcategory = 'S' or y.typname in ('uuid', 'bytea'))
left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey::int2[])
where c.relkind in ('r', 'p') and n.nspname <> all (%(platform_schemas)s::text[])
and n.nspname !~ '^pg_|^information_schema$'
"""

# The functions with the rights of each owner, and the tables whose row level security binds that owner, with the
# permissive policies that let him in: for him as for others they may ask who is calling
# (https://www.postgresql.org/docs/current/ddl-rowsecurity.html).
OWNERS = """
select array_agg(p.oid::bigint) as functions, (
    select jsonb_agg(jsonb_build_array(n.nspname || '.' || c.relname, array(
        select rule
        from pg_catalog.pg_policy y
        cross join unnest(array[
            pg_catalog.pg_get_expr(y.polqual, y.polrelid), pg_catalog.pg_get_expr(y.polwithcheck, y.polrelid)]) as rule
        where y.polrelid = c.oid and y.polpermissive and rule is not null and exists (
            select from unnest(y.polroles) as named
            where named = 0 or pg_catalog.pg_has_role(o.oid, named, 'usage')))))
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relrowsecurity and not o.rolsuper and not o.rolbypassrls
    and (c.relforcerowsecurity or not pg_catalog.pg_has_role(o.oid, c.relowner, 'usage'))) as binding
from pg_catalog.pg_proc p
join pg_catalog.pg_roles o on o.oid = p.proowner
where p.prosecdef
group by o.oid, o.rolsuper, o.rolbypassrls
"""

# A table that is named in a statement, and what it is called there.
_TABLE = re.compile(
    r"\b(?:from|join|update|into|using|,)\s+(?:only\s+)?(?:\w+\.)?(\w+)(?:\s+(?:as\s+)?"
    r"(?!(?:from|where|on|using|set|join|left|right|inner|outer|full|cross|natural|order|group|limit|for|returning|values|"
    r"select|into|union|having|offset|window|loop|then|default)\b)(\w+))?",
    re.IGNORECASE,
)


def _aliases(text: str) -> dict[str, str]:
    """Return the tables that a source names, by what they are called there."""
    found: dict[str, str] = {}
    for table, alias in _TABLE.findall(text.lower()):
        found.setdefault(table, table)
        if alias:
            found[alias] = table
    return found


class Functions(Calls):
    """The functions and views of a database, and what each of them does; what extensions bring does neither."""

    def __init__(self) -> None:
        super().__init__()
        # Whether whoever knows what a column holds gets in by it: by the column's name, and its table's.
        self.columns: dict[str, dict[str, bool]] = {}
        # Of each function with its owner's rights: the relations whose policies ask on behalf of that owner, too.
        self.asked_for: dict[Source, frozenset[str]] = {}

    def asks_who_calls(self, oid: int, kind: str = "function") -> bool:
        """Tell whether a function (or view), or what it calls or looks at, reads who is calling."""
        return any(map(self._asks, self.reached(oid, kind)))

    def learn_column(self, row: Mapping[str, Any]) -> bool:
        """Take in one row of :data:`COLUMNS`; False, as it is no finding."""
        default = row["default"]
        opens = RANDOM.search(default) is not None and lets_in(row["table"], row["column"], default, key=row["key"])
        tables = self.columns.setdefault(row["column"], {})
        # Where two tables of a name have such a column, the one that opens nothing counts.
        tables[row["table"]] = opens and tables.get(row["table"], True)
        return False

    def learn_owner(self, row: Mapping[str, Any]) -> bool:
        """Take in one row of :data:`OWNERS`, once the sources are known; False, as it is no finding."""
        binding = row["binding"] or []
        asking = frozenset(place for place, rules in binding if all(map(self._rule_asks, rules)))
        for oid in row["functions"]:
            if (source := self.known.get(("function", oid))) is not None:
                self.asked_for[source] = asking
        return False

    def _rule_asks(self, rule: str) -> bool:
        return any(map(self._asks, self.led_to([rule])))

    def kept_by_policies(self, oid: int) -> frozenset[str]:
        """Return the relations whose policies ask who calls, whichever owner's rights a function works with."""
        owners = [self.asked_for[each] for each in self.reached(oid) if each in self.asked_for]
        return frozenset.intersection(*owners) if owners else frozenset()

    def asks_for_a_secret(self, oid: int, arguments: Collection[str]) -> bool:
        """Tell whether a function compares something with an argument that only some know: an invitation's token.

        Whoever has been given the link is meant then, and it need not ask who that is. Arguments count by their names,
        or because a column is compared with them that is filled at random and lets in whoever knows what it holds.
        """
        own = self.known.get(("function", oid))
        if own is None:
            return False
        if self._opens_by_a_column(own, [name for name in arguments if name]):
            return True
        secrets = [re.escape(name) for name in arguments if _KNOWN_TO_HOLDERS.fullmatch(name)]
        secret = rf"\b(?:{'|'.join(secrets)})\b"
        return bool(secrets) and bool(
            re.search(rf"[\w\")]\s*=\s*[\w.(\s]*{secret}|{secret}[\s)]*=\s*[\w\"(]", own.plain, re.IGNORECASE)
        )

    def _opens_by_a_column(self, source: Source, arguments: Sequence[str]) -> bool:
        """Tell whether all tables that a compared column may be of, of those that the source names, open by it."""
        if not arguments:
            return False
        aliases = _aliases(source.plain)
        given = rf"(?:\w+\.)?(?:{'|'.join(map(re.escape, arguments))})\b"
        column = r"(?<![\w.])(?:(\w+)\.)?(\w+)"
        for pattern in (rf"{column}\s*=\s*{given}", rf"(?<![\w.]){given}\s*=\s*{column}\b"):
            for qualifier, name in re.findall(pattern, source.plain.lower(), re.IGNORECASE):
                tables = self.columns.get(name, {})
                meant = {aliases.get(qualifier, qualifier)} if qualifier else {*aliases.values()} & {*tables}
                if meant and all(tables.get(table, False) for table in meant):
                    return True
        return False

    def touches(self, oid: int, public: Collection[str] = (), kept: Collection[str] = ()) -> bool:
        """Tell whether a function, or what it calls, can read or change anything at all.

        Reading ``public`` relations ("schema.name") does not count, nor do those that are ``kept`` otherwise. What is
        not known here counts.
        """
        own = self.known.get(("function", oid))
        if own is None or own.brought:
            return True
        return any(self._touches(source, public, kept) for source in self.reached(oid))

    def writes(self, oid: int) -> bool:
        """Tell whether a function, or what it calls, may change anything; what is not known here may."""
        own = self.known.get(("function", oid))
        return own is None or any(each.mentions.writes or each.mentions.effective for each in self.reached(oid))

    def serves_whoever_calls(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a function serves everybody without asking who calls.

        ``row`` has ``_oid``, ``_arguments`` (their names), ``_public`` (relations for everybody), ``_exposed`` (the API
        serves it), ``_functions`` and ``_views`` (what the API serves that may hand it out), and ``_yes_or_no`` (it
        answers a policy with that).
        """
        oid = row["_oid"]
        if row["_yes_or_no"] and not self.writes(oid):
            return False
        if self.asks_who_calls(oid) or self.asks_for_a_secret(oid, row["_arguments"]):
            return False
        if not self.touches(oid, row["_public"], self.kept_by_policies(oid)):
            return False
        return row["_exposed"] or any(
            self.calls(kind, door, oid) and not self.asks_who_calls(door, kind)
            for kind, doors in (("function", row["_functions"]), ("view", row["_views"]))
            for door in doors
        )

    def answer_may_be_meant(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a function only reads, and answers nothing private by name where nothing is declared.

        ``row`` has ``_oid``, ``_answers`` (the columns, as ``harmless`` takes them) and ``_undeclared``.
        """
        return row["_undeclared"] and not self.writes(row["_oid"]) and harmless(row["_answers"])

    def _touches(self, source: Source, public: Collection[str], kept: Collection[str]) -> bool:
        if source.brought:
            return False
        mentions = source.mentions
        found = {f"{schema}.{name}" for schema, name in self.looks_at([source])} - set(kept)
        return mentions.effective or bool(found if mentions.writes else found - set(public))

    def _asks(self, source: Source) -> bool:
        if source.brought:
            return False
        return source.mentions.asks or any(
            (schema or "auth", name) in IDENTITY and (schema is not None or on_path("auth", source.path))
            for schema, name in source.mentions.calls
        )
