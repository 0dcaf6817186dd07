"""Files and channels: rows of the platform's own tables that a project has written policies for.

Whose a file is, its place says: the first folder of its name is a person's id, a tenant's, or a word
(https://supabase.com/docs/guides/storage/security/access-control#helper-functions); a channel is known by its topic
alone (https://supabase.com/docs/guides/realtime/authorization). So the policies, and the bodies that they lead to, are
searched for words and prefixes, and the tables that they look at for ids: files and channels of each are made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, cycle, islice
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from audit.catalog.calls import Calls, calls_of
from audit.people import CAST
from audit.seeding.community import OBJECT, OTHER, made_up_id
from audit.seeding.tables import Catalogue, Table

FILES, CHANNELS = "storage.objects", "realtime.messages"
BUCKETS = "storage.buckets"

_POLICIES = """
select pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)
from pg_catalog.pg_policy p where p.polrelid = pg_catalog.to_regclass(%s)
"""
_WORD = re.compile(r"'([A-Za-z][\w-]{1,39})/?%?'")
_BUCKET = re.compile(
    r"\bbucket_id\b\)?(?:::text)?\s*=\s*(?:any\s*\(\s*array\s*\[)?\s*((?:'[^']+'(?:::text)?[\s,]*)+)", re.IGNORECASE
)
_PREFIX = re.compile(r"'([A-Za-z][\w-]*[:./_-](?:[\w-]+[:./_-])*)%?'")
_TOPIC = re.compile(r"'([A-Za-z][\w:./-]{1,59})'")
_SEPARATOR = re.compile(r"'([:/._-])'")
_EXTENSIONS = ("pdf", "png", "jpg", "jpeg", "gif", "webp", "csv", "txt", "mp4", "zip")
# Words that say something else than where a file is.
_NOT_PLACES = frozenset((*_EXTENSIONS, "authenticated", "anon", "service_role", "broadcast", "presence", "role", "sub"))

# How many words, ids and topics are tried: each is looked at by everybody.
MOST_WORDS, MOST_IDS, MOST_TOPICS = 6, 12, 16
_OWNERS = ("alice", "stranger", "bob")


class Named(NamedTuple):
    """What policies, and all that they lead to, say: their text, and the ids of the rows that they look at."""

    text: str
    ids: list[str]


def fill_services(conn: psycopg.Connection[Any], catalogue: Catalogue) -> dict[str, int]:
    """Fill buckets with files, and channels with messages, where the project has policies for them.

    ``conn`` is a superuser's, in the replica role. Return the number of rows of each table. Raises psycopg.Error.
    """
    cursor = conn.cursor(row_factory=tuple_row)
    policies = {table: _expressions(cursor, table) for table in (FILES, CHANNELS)}
    if not any(policies.values()):
        return {}
    graph = calls_of(conn)
    found: dict[str, int] = {}
    for table, write in ((FILES, _files), (CHANNELS, _messages)):
        if policies[table]:
            found[table] = write(cursor, _named(cursor, catalogue, graph, policies[table]))
    return found


def _expressions(cursor: psycopg.Cursor[tuple[Any, ...]], table: str) -> list[str]:
    cursor.execute("select pg_catalog.set_config('search_path', '', true)")
    return [text for row in cursor.execute(_POLICIES, (table,)).fetchall() for text in row if text]


def _named(
    cursor: psycopg.Cursor[tuple[Any, ...]], catalogue: Catalogue, graph: Calls, expressions: Sequence[str]
) -> Named:
    sources = graph.led_to(expressions)
    ours = [source for source in sources if source.schema not in ("auth", "storage", "realtime", "extensions")]
    looked = graph.looks_at(ours)
    tables = [table for table in catalogue.tables.values() if (table.schema, table.name) in looked]
    ids = [_ids(cursor, table) for table in sorted(tables, key=lambda table: table.title)]
    # In turns, so that no table has them all.
    mixed = [value for some in zip(*map(_padded, ids), strict=False) for value in some if value] if ids else []
    texts = (*expressions, *(source.plain for source in ours))
    return Named("\n".join(texts), list(islice(dict.fromkeys(mixed), MOST_IDS)))


def _padded(values: Sequence[str]) -> Iterator[str]:
    return chain(values, [""] * (MOST_IDS - len(values)))


def _ids(cursor: psycopg.Cursor[tuple[Any, ...]], table: Table) -> list[str]:
    """Return keys of a table, and of what it refers to: those of the cast's rows first."""
    columns = [*(table.primary_key if len(table.primary_key) == 1 else ())]
    columns += [key.columns[0] for key in table.foreign_keys if len(key.columns) == 1 and key.title != "auth.users"]
    naming = sql.SQL(" or ").join(
        sql.SQL("{}::text = any (%(people)s)").format(sql.Identifier(name)) for name in table.columns
    )
    question = sql.SQL(
        "select distinct {0}::text from {1} where {0} is not null and ({2}) = %(naming)s order by 1 limit 2"
    )
    everybody = [str(person.id) for person in CAST.values() if person.id]
    asked = [([str(CAST[name].id)], True) for name in (*_OWNERS, "admin")] + [(everybody, False)]
    found: dict[str, None] = {}
    for people, named in asked:
        for column in dict.fromkeys(columns):
            text = question.format(sql.Identifier(column), table.identifier, naming)
            rows = cursor.execute(text, {"people": people, "naming": named}).fetchall()
            found |= {value: None for (value,) in rows if value not in everybody and len(value) <= 60}
    return list(found)


# Files


def _files(cursor: psycopg.Cursor[tuple[Any, ...]], named: Named) -> int:
    listed = [word for some in _BUCKET.findall(named.text) for word in re.findall(r"'([^']+)'", some)]
    cursor.execute(
        """
        insert into storage.buckets (id, name) select b, b from unnest(%s::text[]) as b
        where not exists (select from storage.buckets x where x.id = b or x.name = b)
        """,
        (list(dict.fromkeys(listed)),),
    )
    buckets = [bucket for (bucket,) in cursor.execute("select id from storage.buckets order by 1").fetchall()]
    words = [w for w in dict.fromkeys(_WORD.findall(named.text)) if w not in _NOT_PLACES and w not in buckets]
    places = list(_places(words[:MOST_WORDS], named))
    rows = [
        {
            "id": made_up_id(OBJECT, 5_000 + number),
            "bucket_id": bucket,
            "name": name,
            "owner": owner,
            "owner_id": owner,
            "metadata": {"mimetype": "application/pdf", "size": 1_000 + number},
        }
        for number, (bucket, (name, owner)) in enumerate((b, place) for b in buckets for place in places)
    ]
    return _insert(cursor, FILES, rows, "on conflict do nothing")


def _places(words: Sequence[str], named: Named) -> Iterator[tuple[str, str | None]]:
    """Yield names of files with their owners: below people's folders, below words and ids, and at the root."""
    people = [person for person in CAST.values() if person.id]
    extensions = cycle([each for each in _EXTENSIONS if f"'{each}'" in named.text] or ["pdf"])
    for person in people:
        yield f"{person.id}/made-up.{next(extensions)}", person.id
    for person in people[:5]:
        yield f"{person.id}.{next(extensions)}", person.id
    for folder in (*words, *named.ids):
        for name in _OWNERS[:2]:
            yield f"{folder}/made-up-by-{name}.{next(extensions)}", CAST[name].id
    if re.search(r"\[2\]|,\s*2\)", named.text):
        for folder in (*words, *named.ids[:4]):
            for name in _OWNERS:
                yield f"{folder}/{CAST[name].id}/made-up.{next(extensions)}", CAST[name].id
                if folder in words:
                    yield f"{CAST[name].id}/{folder}/made-up.{next(extensions)}", CAST[name].id


# Channels


def _messages(cursor: psycopg.Cursor[tuple[Any, ...]], named: Named) -> int:
    topics = islice(dict.fromkeys(_topics(named)), MOST_TOPICS)
    rows = [
        {
            "id": made_up_id(OTHER, 6_000 + 2 * number + place),
            "topic": topic,
            "extension": extension,
            "event": "made-up",
            "payload": {},
            "private": True,
        }
        for number, topic in enumerate(topics)
        for place, extension in enumerate(("broadcast", "presence"))
    ]
    return _insert(cursor, CHANNELS, rows, "")


def _topics(named: Named) -> Iterator[str]:
    """Yield topics: one that nobody names, those that are named, and prefixes with ids of rows and of people."""
    yield "made-up-topic"
    plain = [topic for topic in _TOPIC.findall(named.text) if topic not in _NOT_PLACES and topic[-1] not in ":./_-"]
    prefixes = list(dict.fromkeys(_PREFIX.findall(named.text)))
    prefixes += [f"{word}{sign}" for sign in dict.fromkeys(_SEPARATOR.findall(named.text)) for word in plain[:2]]
    ids: Iterable[str] = (*named.ids[:4], *(str(CAST[name].id) for name in _OWNERS[:2]))
    yield from plain[:4]
    for id_ in ids:
        yield from (f"{prefix}{id_}" for prefix in prefixes[:3])
        if not prefixes:
            yield id_


def _insert(cursor: psycopg.Cursor[tuple[Any, ...]], table: str, rows: Sequence[dict[str, Any]], rest: str) -> int:
    if not rows:
        return 0
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    place = sql.Identifier(*table.split("."))
    cursor.execute(
        sql.SQL("insert into {0} ({1}) select {1} from jsonb_populate_recordset(null::{0}, %s::jsonb) {2}").format(
            place,
            columns,
            sql.SQL(rest),
        ),
        (json.dumps(rows),),
    )
    return cursor.rowcount
