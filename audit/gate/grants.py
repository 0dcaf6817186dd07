"""Whether a GRANT or a REVOKE does what it says: who may do what when the file is at its end.

https://www.postgresql.org/docs/current/sql-revoke.html: what is granted on a table holds for each of its columns, what
PUBLIC may do holds for everybody, and what a role may do for its members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from audit.gate.results import Change, Entry
from audit.question import Connection
from audit.sql_text import Token, quoted, tokens

_TABLE = ("select", "insert", "update", "delete")
# What stands behind ON, and what parts of the catalogue it means; of the rest, such as types, nothing is said.
_KINDS = {
    "table": ("table", "view", "materialized view", "foreign table"),
    "": ("table", "view", "materialized view", "foreign table"),
    "sequence": ("sequence",),
    "function": ("function",),
    "procedure": ("function",),
    "routine": ("function",),
    "schema": ("schema",),
}
_OTHER = frozenset({"database", "domain", "type", "language", "large", "tablespace", "parameter", "foreign", "all"})
_ENDS = frozenset({"with", "granted", "cascade", "restrict"})


@dataclass(frozen=True)
class Given:
    """What a GRANT or REVOKE says: privileges, columns, the names of objects of a kind, for whom; and what it changed.

    ``gone`` and ``fresh`` are the grants that it took away and gave: the part's key, and "role PRIVILEGE".
    """

    revoke: bool
    privileges: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    kind: str = ""
    objects: tuple[tuple[str, ...], ...] = ()
    roles: tuple[str, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    fresh: tuple[tuple[str, str], ...] = ()
    told: bool = False


def given(text: str, changes: Sequence[Change]) -> Given:
    """Read a statement, and beside it what it changed. What is not understood is not judged (``told`` is false)."""
    found = [token for token in tokens(text) if token.sign != ";"]
    revoke = found[0].word == "revoke"
    gone, fresh = [], []
    for change in changes:
        before, after = ({*(each or ())} for each in change.fact("_acl"))
        gone += [(change.key, each) for each in sorted(before - after)]
        fresh += [(change.key, each) for each in sorted(after - before)]
    on = _at(found, "on")
    to = _at(found, "from" if revoke else "to", on or 0)
    option = len(found) > 3 and found[2].word == "option"
    if not on or not to or option or any(change.kind == "membership" for change in changes):
        return Given(revoke)
    kind = found[on + 1].word if found[on + 1].word in (*_KINDS, *_OTHER) else ""
    if kind in _OTHER:
        return Given(revoke)
    first = on + (2 if kind else 1)
    privileges, columns = _privileges(found[1:on])
    roles = tuple(each[-1] for each in _names(found[to + 1 :]) if each[-1] not in ("group",))
    return Given(
        revoke,
        privileges,
        columns,
        kind,
        tuple(_names(found[first:to])),
        roles,
        tuple(gone),
        tuple(fresh),
        told=True,
    )


def _at(found: Sequence[Token], word: str, start: int = 0) -> int | None:
    depth = 0
    for at in range(start, len(found)):
        depth += {"(": 1, ")": -1}.get(found[at].sign, 0)
        if found[at].word == word and not depth:
            return at
    return None


def _privileges(found: Sequence[Token]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    privileges, columns, depth = [], [], 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.sign, 0)
        if token.name and depth:
            columns.append(token.name)
        elif token.word and not depth and token.word != "privileges":
            privileges.append(token.word)
    return tuple(privileges), tuple(columns)


def _names(found: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    """Yield names with commas between them, each in its parts; arguments of functions are left out."""
    name: list[str] = []
    depth = 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.sign, 0)
        if depth or token.sign == ")":
            continue
        if token.word in _ENDS:
            break
        if token.sign == ",":
            if name:
                yield tuple(name)
            name = []
        elif token.name and not (token.word == "group" and not name):
            name.append(token.name)
    if name:
        yield tuple(name)


# --- Judging, when the file is at its end

# Whether roles may do something with an object, by name and number.
_MAY = """
select r.rolname::pg_catalog.text, case %(kind)s
    when 'column' then pg_catalog.has_column_privilege(r.oid, %(oid)s::pg_catalog.oid, %(column)s::pg_catalog.int2,
                                                       %(privilege)s)
    when 'function' then pg_catalog.has_function_privilege(r.oid, %(oid)s::pg_catalog.oid, %(privilege)s)
    when 'schema' then pg_catalog.has_schema_privilege(r.oid, %(oid)s::pg_catalog.oid, %(privilege)s)
    when 'sequence' then pg_catalog.has_sequence_privilege(r.oid, %(oid)s::pg_catalog.oid, %(privilege)s)
    else pg_catalog.has_table_privilege(r.oid, %(oid)s::pg_catalog.oid, %(privilege)s) end
from pg_catalog.pg_roles r
where not r.rolsuper and not r.rolbypassrls and r.rolname !~ '^pg_'
and (%(roles)s::pg_catalog.text[] is null or r.rolname = any (%(roles)s::pg_catalog.text[]))
order by r.rolname
"""


def without_effect(
    conn: Connection,
    what: Given,
    others: Sequence[Given],
    entries: Mapping[str, Entry],
    base: Mapping[str, Entry],
) -> tuple[str, ...]:
    """Return why a GRANT or REVOKE is without effect, one reason for each object; none where it has one.

    ``others`` are those of the same file: whom it grants something is meant to have it. The connection is one that may
    ask for everybody. Raises psycopg.Error.
    """
    if not what.told or "grant" in what.privileges:
        return ()
    if not what.revoke:
        return () if what.fresh else tuple(_held_already(what, entries, base))
    meant = {
        (part, role)
        for each in others
        if each.told and not each.revoke
        for key, _ in _meant(each, entries)
        for part in (key, *(f"c{key[1:]}.{number}" for number in _columns(each, key, entries)))
        for role in each.roles
    }
    if what.gone:
        return tuple(_still(conn, what, entries, meant))
    taken = {f"r{key[1:].partition('.')[0]}" for each in others for key, _ in each.gone if key[0] in "rc"}
    return tuple(_never(conn, what, taken, meant, entries, base))


def _meant(what: Given, entries: Mapping[str, Entry]) -> Iterator[tuple[str, Entry]]:
    kinds = _KINDS[what.kind]
    for name in what.objects:
        title = ".".join(map(quoted, name))
        for key, entry in entries.items():
            if entry.kind not in kinds:
                continue
            plain = entry.title.partition("(")[0] if entry.kind == "function" else entry.title
            if plain == title or (len(name) == 1 and plain.endswith(f".{title}") and entry.kind != "schema"):
                yield key, entry


def _asked(what: Given, kind: str) -> tuple[str, ...]:
    if "all" not in what.privileges:
        return what.privileges
    return {"function": ("execute",), "schema": ("usage",), "sequence": ("usage",)}.get(kind, _TABLE)


def _may(
    conn: Connection, kind: str, key: str, privilege: str, roles: Sequence[str] | None, column: int = 0
) -> list[str]:
    oid = int(key[1:].partition(".")[0])
    facts = {
        "kind": "column" if column else kind,
        "oid": oid,
        "column": column,
        "privilege": privilege,
        "roles": None if roles is None else [*roles],
    }
    return [name for name, may in conn.execute(_MAY, facts).fetchall() if may]


def _held_already(what: Given, entries: Mapping[str, Entry], base: Mapping[str, Entry]) -> Iterator[str]:
    """Of what is new, defaults may have granted it, as they happen to be: to say it once more is no mistake."""
    for key, entry in _meant(what, entries):
        if key in base:
            yield f"{', '.join(what.roles)} had {' '.join(what.privileges)} on {entry.title} already"


def _still(conn: Connection, what: Given, entries: Mapping[str, Entry], meant: set[tuple[str, str]]) -> Iterator[str]:
    """Tell of roles that keep what was taken from them, because they have it in another way, too."""
    keys = {key for key, _ in what.gone}
    for key in sorted(keys):
        entry = entries.get(key)
        if entry is None:
            continue
        grants = [each.removesuffix(" grantable").rpartition(" ") for at, each in what.gone if at == key]
        column = int(key.partition(".")[2]) if entry.kind == "column" else 0
        kept: dict[str, set[str]] = {}
        lost = False
        for role, _, privilege in grants:
            named = role.strip('"').replace('""', '"')
            holders = _by_name(entry, privilege)
            if role == "public":
                by_name = [each for each in holders if (key, each) not in meant]
            else:
                # Who holds it by name again was given it again.
                by_name = [named] if named not in holders else []
            still = _may(conn, entry.kind, key, privilege, by_name, column) if by_name else []
            lost = lost or not still
            for each in still:
                kept.setdefault(each, set()).add(privilege.lower())
        if kept and not lost:
            how = "by name" if {role for role, _, _ in grants} == {"public"} else "through PUBLIC, a role or the table"
            told = "; ".join(f"{role} still has {', '.join(sorted(some))}" for role, some in sorted(kept.items()))
            yield f"{entry.title}: {told} {how}"


def _by_name(entry: Entry, privilege: str) -> list[str]:
    """Return who holds a privilege by name."""
    owner = entry.facts.get("owner")
    told = [each.removesuffix(" grantable").rpartition(" ") for each in entry.facts.get("_acl") or ()]
    names = [role for role, _, what in told if what == privilege and role not in ("public", owner)]
    return [name.strip('"').replace('""', '"') for name in names]


def _never(
    conn: Connection,
    what: Given,
    taken: set[str],
    meant: set[tuple[str, str]],
    entries: Mapping[str, Entry],
    base: Mapping[str, Entry],
) -> Iterator[str]:
    """Tell of a REVOKE that changed nothing: who has it all the same, or never had it.

    From what is in ``taken``, another statement of the file took something: the two of them may belong together. Who is
    in ``meant`` was granted it by another statement of the file, and is meant to have it.
    """
    for key, entry in _meant(what, entries):
        kept: dict[str, set[str]] = {}
        for privilege in _asked(what, entry.kind):
            for column in _columns(what, key, entries) or [0]:
                part = f"c{key[1:]}.{column}" if column else key
                for role in _may(conn, entry.kind, key, privilege, what.roles, column):
                    if (part, role) not in meant:
                        kept.setdefault(role, set()).add(privilege)
        told = "; ".join(f"{role} still has {', '.join(sorted(some))}" for role, some in sorted(kept.items()))
        if told and what.columns:
            yield f"{entry.title}: {told}, for the whole table"
        elif told:
            yield f"{entry.title}: {told} through PUBLIC or a role"
        elif key in base and key not in taken and what.roles != ("public",):
            yield f"{', '.join(what.roles)} never had it on {entry.title}"


def _columns(what: Given, key: str, entries: Mapping[str, Entry]) -> list[int]:
    prefix = f"c{key[1:]}."
    return [
        int(each.partition(".")[2])
        for each, entry in entries.items()
        if each.startswith(prefix) and entry.facts.get("_name") in what.columns
    ]
