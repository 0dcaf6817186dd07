"""Signing up and in, acted out in every way that the service of Supabase has, whatever a project's triggers make of it.

What sign-up is to do is the project's to say, so ways are compared with each other: what the plain one writes, the
others write too, and nobody gets more for what they say of themselves in the metadata, which is their own text.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import sql

from audit.actors import Actor
from audit.evidence import Evidence, NotApplicable, Population, Row, safe
from audit.names import PRIVILEGED as HIGHER
from audit.packs import SignedUp, signed_up
from audit.people import CAST
from audit.probes.attempt import ask, prepared, words_of
from audit.question import Cursor

SETUP = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

# Their ids share no part with each other or with others': many a project makes a name of the first characters.
PERSON = "5f0c2b7e-91d4-4a36-8e1b-7c64d05a9f13"
ANOTHER = "c83ad916-2e7f-4b50-9d48-16b7f0e3527a"

# Who is there already, and signs in.
VISITORS = ("alice", "admin")

PLAIN = "with a name"
# How an offence of AUTH-04 is called, and how a problem begins that lets nobody in.
WAY = "auth_service: sign up"
FAILS = "signing up fails"

# A limit of length is the project's to set: a check, or the type. That of the Care Collective's names is to be kept to.
LONG = "with a name of 300 characters"
TOO_LONG = ("23514", "22001")
# So it is which letters a name may have, or that it may not be empty: a check of the project says no, and means it.
ODD = (LONG, "with an empty name", "with a quoted name", "with an emoji name")


USUAL = ("name", "full_name", "display_name", "username", "user_name", "first_name", "last_name")


def _named(name: str) -> dict[str, Any]:
    """Return what sign-up forms send about a name, under the words that are usual for it."""
    # A name to sign in by is mostly in small letters, as forms ask for.
    return {key: name.lower() if key in ("username", "user_name") else name for key in USUAL}


# What comes into auth.users, by how somebody signs up; see https://supabase.com/docs/guides/auth/users.
BY_EMAIL: Mapping[str, Mapping[str, Any]] = {
    PLAIN: {"raw_user_meta_data": _named("Robin")},
    "without metadata": {"raw_user_meta_data": None},
    "with empty metadata": {"raw_user_meta_data": {}},
    "with an empty name": {"raw_user_meta_data": _named("")},
    LONG: {"raw_user_meta_data": _named("n" * 300)},
    "with a quoted name": {"raw_user_meta_data": _named('O\'Neil "Rob"; --')},
    "with an emoji name": {"raw_user_meta_data": _named("\N{SUNFLOWER} \N{ZERO WIDTH JOINER}")},
}
OTHERWISE: Mapping[str, Mapping[str, Any]] = {
    "by invitation": {"raw_user_meta_data": {}, "encrypted_password": "", "invited_at": "now"},
    "by phone": {"raw_user_meta_data": {}, "email": None, "phone": "15550100999"},
    "anonymously": {"raw_user_meta_data": {}, "email": None, "is_anonymous": True, "encrypted_password": ""},
}
WAY_OF = {"by invitation": "invitation", "by phone": "phone", "anonymously": "anonymous"}


@dataclass(frozen=True)
class SignUp:
    """What came of one sign-up: the rows that were written, by table, or the error."""

    rows: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    error: str = ""
    code: str = ""

    def counts(self) -> Counter[str]:
        """Count the rows by table."""
        return Counter(relation for relation, _ in self.rows)


class Wrote(NamedTuple):
    """A row that a sign-up "written"; or how it ended: "done", or "refused" with the error."""

    kind: str
    relation: str
    content: Mapping[str, Any]
    code: str
    message: str
    place: str
    named: str


class Visited(NamedTuple):
    """A step of a visit that did not work: refused with an error, or ``swallowed``: less was written than was said."""

    step: str
    swallowed: bool
    code: str
    message: str
    place: str
    named: str


class Registration:
    """Signs people up, one after the other; each is undone."""

    def __init__(self, service: Actor, cursor: Cursor) -> None:
        self.service = service
        self.cursor = cursor

    def sign_up(self, given: Mapping[str, Any], person: str = PERSON) -> SignUp:
        """Sign somebody up with these columns of auth.users, beside those that are always there."""
        asked = [self.service.people[0].role, json.dumps(_words(given, person))]
        answers = ask(self.cursor, Wrote, "select * from pg_temp.sign_up(%s, %s)", asked)
        for answer in answers:
            if answer.kind == "refused":
                return SignUp(error=_error(answer), code=answer.code)
        return SignUp(tuple((each.relation, each.content) for each in answers if each.kind == "written"))

    def sights(self, given: Mapping[str, Any], tables: Sequence[str]) -> dict[str, int]:
        """Sign somebody up, and return how many rows of others they then see of each table."""
        asked = [self.service.people[0].role, json.dumps(_words(given, PERSON)), list(tables)]
        return dict(self.cursor.execute("select * from pg_temp.sights(%s, %s, %s)", asked).fetchall())

    def there(self) -> list[str]:
        """Return the ids of those who are to sign in and are there."""
        people = [CAST[name].id for name in VISITORS]
        return ask(self.cursor, str, "select id::text from auth.users where id::text = any (%s) order by 1", [people])

    def visit(self, person: str, *, known: bool) -> list[Visited]:
        """Confirm, sign in, stay signed in and so on; ``known``: somebody who is there, else one who signs up first."""
        words = None if known else json.dumps(_words(BY_EMAIL[PLAIN], person))
        asked = [self.service.people[0].role, person, words]
        return ask(self.cursor, Visited, "select * from pg_temp.visit(%s, %s, %s::jsonb)", asked)


def _words(given: Mapping[str, Any], person: str) -> dict[str, Any]:
    """Return what the service writes into auth.users when somebody signs up."""
    provider = "phone" if given.get("phone") else "email"
    return {
        "instance_id": "00000000-0000-0000-0000-000000000000",
        "id": person,
        "aud": "authenticated",
        "role": "authenticated",
        "email": f"new.member.{person[-4:]}@example.org",
        "encrypted_password": "$2a$10$none",
        "raw_app_meta_data": {"provider": provider, "providers": [provider]},
        "created_at": "now",
        "updated_at": "now",
        "is_sso_user": False,
        "is_anonymous": False,
        **given,
    }


def who_signs_up(name: str = "") -> str:
    """Return the columns of auth.users, as JSON, of somebody who signs up in the plainest way, by this name if any."""
    given = {"raw_user_meta_data": _named(name)} if name else BY_EMAIL[PLAIN]
    return json.dumps(_words(given, PERSON))


def _error(refused: Wrote | Visited) -> str:
    """Say why a sign-up, or a step of a visit, failed."""
    where = re.search(r"^PL/pgSQL function (?!pg_temp)([^\n]*)", refused.place or "", re.MULTILINE)
    error = words_of(refused.code, refused.message)
    error += f" about {safe(refused.named)}" if refused.named else ""
    return f"{error} in {safe(where[1])}" if where else error


TRIGGERS = """
select pg_catalog.format('%%I on auth.users', t.tgname)
from pg_catalog.pg_trigger t
where t.tgrelid = pg_catalog.to_regclass('auth.users') and not t.tgisinternal and t.tgenabled in ('O', 'A')
and t.tgtype & 4 <> 0
order by t.tgname
"""


# The project's triggers on what the service writes when somebody signs in, or stays signed in.
VISITING = """
select pg_catalog.format('%%I on %%s', t.tgname, c.name)
from pg_catalog.pg_trigger t
join (values ('auth.users'), ('auth.identities'), ('auth.sessions'), ('auth.refresh_tokens'), ('auth.mfa_amr_claims'))
    as c (name) on t.tgrelid = pg_catalog.to_regclass(c.name)
where not t.tgisinternal and t.tgenabled in ('O', 'A')
order by 1
"""


# The triggers whose functions an error names.
THEIRS = """
select pg_catalog.format('%%I on auth.users', t.tgname)
from pg_catalog.pg_trigger t
where t.tgrelid = pg_catalog.to_regclass('auth.users') and not t.tgisinternal
and pg_catalog.strpos(%s, t.tgfoid::pg_catalog.regprocedure::text) > 0
order by t.tgname
"""


@contextmanager
def registering(service: Actor, *, visits: bool = False) -> Iterator[tuple[Registration, list[str]]]:
    """Let the service sign people up; yield it with the triggers that run then.

    Raises NotApplicable where no sign-up does anything (with ``visits``, nor what comes after it), and Unchecked when
    the server gave no answer.
    """
    known = service.stage.known
    with prepared(service.stage, SETUP, {"platform": known["platform_schemas"]}) as cursor:
        triggers = ask(cursor, str, TRIGGERS, [])
        if not triggers and signed_up(known) is None and not (visits and ask(cursor, str, VISITING, [])):
            raise NotApplicable("no trigger of the project runs when somebody signs up")
        yield Registration(service, cursor), triggers


def failing(service: Actor) -> Evidence:
    """Return the triggers with which signing up fails, whatever else people say that the project's functions read."""
    with registering(service) as (registration, triggers):
        _, (answer, _) = _asked_for(service, registration)
        fails = registration.cursor.execute(THEIRS, [answer.error]).fetchall() if answer.error else []
    guilty = [name for (name,) in fails if name in triggers] or (triggers if answer.error else [])
    rows = [_row(service, name, {"problem": f"{FAILS}: {answer.error}"}) for name in guilty]
    return _evidence(service, rows, Population(len(triggers), "triggers of signing up"))


def _asked_for(service: Actor, registration: Registration) -> tuple[Mapping[str, Any], list[SignUp]]:
    """Let people say what the project's functions read, where a name is not enough: see :func:`_plain`."""
    keys = {key for key, _ in registration.cursor.execute(READ).fetchall()}
    return _plain(registration, keys, _vocabulary(service, registration, keys))


def _said(service: Actor, registration: Registration) -> str:
    """Say with what else somebody is let in for whom a name is not enough, or ""."""
    metadata, (answer, _) = _asked_for(service, registration)
    keys = [key for key in metadata if key not in USUAL]
    return "" if answer.error else f"; who also gives {safe(', '.join(keys))} is let in"


def troubles(service: Actor, fix: str) -> Evidence:
    """Return the ways of signing up that fail, or leave out what the plain one writes, and what fails after it.

    ``fix`` mends the trigger of the Care Collective, where it is the only one.
    """
    known = service.stage.known
    offered = {**(BY_EMAIL if "email" in known["sign_up"] else {PLAIN: BY_EMAIL[PLAIN]})}
    offered |= {name: given for name, given in OTHERWISE.items() if WAY_OF[name] in known["sign_up"]}
    with registering(service, visits=True) as (registration, triggers):
        answers = {name: registration.sign_up(given) for name, given in offered.items()}
        said = _said(service, registration) if answers[PLAIN].error else ""
        visited = [*registration.visit(PERSON, known=False)]
        visited += [each for person in registration.there() for each in registration.visit(person, known=True)]
    usual = answers[PLAIN].counts()
    wanted = signed_up(known)
    ours = wanted is not None and {*triggers} <= {wanted.trigger}
    rows = []
    for name, answer in answers.items():
        if name in ODD and answer.code in TOO_LONG and wanted is None and not answers[PLAIN].error:
            continue
        problem = f"{FAILS}: {answer.error}{said}" if answer.error else ""
        if not problem and wanted is not None:
            problem = _unlike(wanted, answer)
        if not problem and name in (*BY_EMAIL, "by invitation"):
            missing = [relation for relation, count in usual.items() if answer.counts()[relation] < count]
            problem = f"nothing is written to {', '.join(missing)}, as it is {PLAIN}" if missing else ""
        if problem:
            rows.append(_row(service, f"{WAY} {name}", {"problem": problem}, fix if ours else ""))
    stopped = {each.step: each for each in reversed(visited)}
    rows = [*_by_problem(rows), *(_stopped(service, each) for each in reversed(stopped.values()))]
    return _evidence(service, rows, Population(len(answers), "ways of signing up"))


def _stopped(service: Actor, step: Visited) -> Row:
    why = "what the service writes for it is not written" if step.swallowed else _error(step)
    return _row(service, f"{service.people[0].name}: {step.step}", {"problem": f"it does not work: {why}"}, STOPPED)


def _by_problem(rows: Sequence[Row]) -> list[Row]:
    """Put the ways together that fail for one reason."""
    found: dict[object, list[Row]] = {}
    for row in rows:
        found.setdefault(row.details["problem"], []).append(row)
    return [
        replace(first, details={**first.details, "likewise": ", ".join(names)}) if names else first
        for first, *others in found.values()
        for names in [[each.object.removeprefix(f"{WAY} ") for each in others]]
    ]


def _unlike(wanted: SignedUp, answer: SignUp) -> str:
    """Say what is wrong with the row that a sign-up is to make: there is one, and it begins as it should."""
    made = [content for relation, content in answer.rows if relation == wanted.table]
    name = wanted.table.rpartition(".")[2]
    if len(made) != 1:
        return f"{len(made)} {name} are made"
    began = made[0].get(wanted.column, wanted.value)
    return "" if began == wanted.value else f"the {name.removesuffix('s')} is not {wanted.value}"


# Whoever asks to be one is none: what sign-up forms do not send.
WISHES: Mapping[str, Any] = {
    "is_admin": True, "admin": True, "role": "admin", "user_role": "admin", "is_moderator": True,
    "verification_status": "approved", "status": "approved", "verified": True, "is_verified": True,
    "approved_at": "2020-01-01T00:00:00Z", "approved_by": "00000000-0000-4000-8000-000000000006",
}  # fmt: skip

# What the functions of sign-up read in the metadata, and the words that they compare it with.
READ = r"""
select distinct m[1], null
from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
cross join lateral regexp_matches(p.prosrc, $$->>?\s*'([^']{1,40})'$$, 'g') as m
where t.tgrelid = pg_catalog.to_regclass('auth.users') and not t.tgisinternal
union
select distinct m[1], m[2]
from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
cross join lateral regexp_matches(p.prosrc, $$->>\s*'([^']{1,40})'[^;'=]{0,20}=\s*'([^']{1,40})'$$, 'g') as m
where t.tgrelid = pg_catalog.to_regclass('auth.users') and not t.tgisinternal
limit 40
"""
# Keys whose value is a privilege, whatever it is.
PRIVILEGED = re.compile(
    r"(^|_)(admin|roles?|permissions?|verified|approved|status|plan|tier|credits?|balance|level|rank|staff|moderator"
    r"|super_?user|access|scopes?|quota)($|_)",
    re.IGNORECASE,
)
TRIED = ("admin", True, "999")
# The words that columns of these names may hold: labels of their type, or those that a check names.
VOCABULARY = r"""
select a.attname::text, word
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid and c.relkind in ('r', 'p')
join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname <> all (%s)
and n.nspname !~ '^pg_|^information_schema$'
cross join lateral (
    select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = a.atttypid
    union
    select m[1] from pg_catalog.pg_constraint k
    cross join lateral regexp_matches(pg_catalog.pg_get_constraintdef(k.oid), $$'([^']{1,40})'::$$, 'g') as m
    where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]) as w (word)
where a.attname = any (%s)
order by 1, 2
"""
MOST_WORDS = 8

# What the rules of a project say: its policies, and its functions.
RULES = """
select coalesce(pg_catalog.string_agg(x.said, chr(10)), '') from (
    select pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
                                pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as said
    from pg_catalog.pg_policy p
    union all
    select coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc)
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
    where n.nspname <> all (%(platform)s) and n.nspname !~ '^pg_|^information_schema$'
    and f.prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
) as x
"""
# The words that rules compare something with.
_COMPARED = re.compile(
    r"(?:=|>=|\bin\b|\bany\b)\s*\(?(?:array\s*\[)?\s*((?:'\w{2,30}'(?:::[\w.\"]+)?\s*,?\s*)+)", re.IGNORECASE
)
# The tables that have rules, and those whose rows others refer to, with a key that most refer to.
RULED = """
select c.oid::pg_catalog.regclass::text
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and c.relrowsecurity and n.nspname = any (%(exposed)s)
and pg_catalog.has_table_privilege('authenticated', c.oid, 'select') order by 1
"""
PARENTS = """
select distinct f.conrelid::pg_catalog.regclass::text, a.attname::text
from pg_catalog.pg_constraint f
join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1]
join pg_catalog.pg_class p on p.oid = f.confrelid
join pg_catalog.pg_namespace n on n.oid = p.relnamespace and n.nspname <> all (%(platform)s)
where f.contype = 'f' and pg_catalog.cardinality(f.conkey) = 1 and f.confrelid <> f.conrelid
order by 1, 2
limit 24
"""
MOST_TRIED = 24


def privileged(service: Actor, fix: str) -> Evidence:
    """Return the columns, and the tables, in which somebody has more who asked for it in the metadata.

    What two who ask for nothing have differently (ids, times) tells nothing, and neither does a copy of what was said.
    Where a name is not enough to sign up, people say what else the project's functions read, as its own form does.
    """
    rows: dict[str, Row] = {}
    wanted = signed_up(service.stage.known)
    with registering(service) as (registration, triggers):
        read = registration.cursor.execute(READ).fetchall()
        vocabulary = _vocabulary(service, registration, {key for key, _ in read})
        metadata, plain = _plain(registration, {key for key, _ in read}, vocabulary)
        if any(answer.error for answer in plain):
            return _evidence(service, [], Population(0, "sign-ups"), f"{FAILS}: {plain[0].error}")
        words: dict[str, Any] = {key: word for key, word in read if word}
        asked = [(WISHES, False)] + ([(words, True)] if words else [])
        asked += [
            ({key: value}, False)
            for key in sorted({key for key, _ in read})
            if PRIVILEGED.search(key)
            for value in dict.fromkeys(
                [WISHES.get(key, TRIED[0]), *TRIED, *filter(HIGHER.search, vocabulary.get(key, ()))]
            )
        ]
        tried = 0
        for wishes, are_words in asked:
            said = {**metadata, **wishes}
            answer = registration.sign_up({"raw_user_meta_data": said})
            tried += 1  # a refusal is an answer
            if answer.error:
                continue
            for name in _gained(plain, answer, said, {str(word) for word in words.values()} if are_words else set()):
                ours = wanted is not None and len(triggers) == 1 and name.startswith(wanted.table)
                rows.setdefault(name, _row(service, name, {"asked": ", ".join(wishes)[:80]}, fix if ours else ""))
        for name, key in _widening(service, registration, metadata, {key for key, _ in read} - {*USUAL}):
            rows.setdefault(name, _row(service, name, {"asked": key}))
    return _evidence(service, [*rows.values()], Population(tried, "sign-ups"))


def _widening(
    service: Actor, registration: Registration, metadata: Mapping[str, Any], keys: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Yield the columns that take a value from the metadata by which whoever signs up sees more rows of others.

    A word that a rule asks for, or the key of a row that others refer to: whatever the column is called, what it opens
    tells. Only columns that some rule names come into question. Each key is tried with what the others have opened.
    """
    if not keys:
        return
    known = {"platform": list(service.stage.known["platform_schemas"]), "exposed": list(service.stage.known["exposed"])}
    ((rules,),) = registration.cursor.execute(RULES, known).fetchall()
    words = [word for said in _COMPARED.findall(rules) for word in re.findall(r"'(\w+)'", said)]
    values = list(dict.fromkeys(words))[:MOST_TRIED]
    for relation, column in registration.cursor.execute(PARENTS, known).fetchall():
        most = sql.SQL("select {0}::text from {1} where {0} is not null group by 1 order by count(*) desc, 1 limit 1")
        found = registration.cursor.execute(most.format(sql.Identifier(column), sql.SQL(relation))).fetchall()
        values += [value for (value,) in found if value not in values]
    tables = [name for (name,) in registration.cursor.execute(RULED, known).fetchall()]
    usual: Mapping[str, int] | None = None
    said = dict(metadata)
    waiting = sorted(keys)[:MOST_WORDS]
    for _ in range(2):
        for key in [*waiting]:
            for value in values:
                given = {"raw_user_meta_data": {**said, key: value}}
                places = _taken(registration.sign_up(given), value, rules)
                if not places:
                    continue
                usual = registration.sights({"raw_user_meta_data": said}, tables) if usual is None else usual
                seen = registration.sights(given, tables)
                if any(count > usual.get(name, 0) for name, count in seen.items()):
                    yield from ((place, key) for place in places)
                    waiting.remove(key)
                    said, usual = {**said, key: value}, seen
                    break


def _taken(answer: SignUp, value: str, rules: str) -> list[str]:
    """Return the columns that have a value after signing up, and that rules name."""
    return sorted(
        f"{relation}.{_quoted(column)}"
        for relation, content in answer.rows
        for column, held in content.items()
        if str(held) == value and re.search(rf"\b{re.escape(column)}\b", rules)
    )


def _vocabulary(service: Actor, registration: Registration, keys: Collection[str]) -> dict[str, list[str]]:
    """Return the words that columns called like the keys of the metadata may hold, the higher ones last."""
    found: dict[str, list[str]] = {}
    given = [list(service.stage.known["platform_schemas"]), list(keys)]
    for key, word in registration.cursor.execute(VOCABULARY, given).fetchall():
        found.setdefault(key, []).append(word)
    return {
        key: sorted(words, key=lambda word: bool(HIGHER.search(word)))[-MOST_WORDS:] for key, words in found.items()
    }


def _plain(
    registration: Registration, keys: Collection[str], vocabulary: Mapping[str, Sequence[str]]
) -> tuple[Mapping[str, Any], list[SignUp]]:
    """Let two sign up who ask for nothing, and return what they say of themselves, and what came of it."""
    usual = BY_EMAIL[PLAIN]["raw_user_meta_data"]
    form = {**{key: vocabulary[key][0] if key in vocabulary else "Robin" for key in sorted(keys)}, **usual}
    modest = {key: value for key, value in form.items() if key in usual or not PRIVILEGED.search(key)}
    for metadata in (usual, modest, form):
        plain = [registration.sign_up({"raw_user_meta_data": metadata}, person) for person in (PERSON, ANOTHER)]
        if not any(answer.error for answer in plain):
            return metadata, plain
    return usual, [registration.sign_up(BY_EMAIL[PLAIN], person) for person in (PERSON, ANOTHER)]


def _gained(plain: Sequence[SignUp], asked: SignUp, metadata: Mapping[str, Any], words: set[str]) -> Iterator[str]:
    """Yield the columns that are different for who asked, and the tables with more rows."""
    usual, again, got = (
        _columns(answer, person) for answer, person in zip((*plain, asked), (PERSON, ANOTHER, PERSON), strict=True)
    )
    more = {relation for relation, count in asked.counts().items() if count > plain[0].counts()[relation]}
    yield from sorted(more)
    for (relation, column), values in sorted(got.items()):
        if relation in more or usual.get((relation, column)) != again.get((relation, column)):
            continue
        new = Counter(values) - Counter(usual.get((relation, column), []))
        said = {json.dumps(each, sort_keys=True) for each in (metadata, *words)}
        if any(value not in said for value in new):
            yield f"{relation}.{_quoted(column)}"


def _columns(answer: SignUp, person: str) -> dict[tuple[str, str], list[str]]:
    """Return the values of every column written, the person's own id and address taken out."""
    found: dict[tuple[str, str], list[str]] = {}
    for relation, content in answer.rows:
        for column, value in content.items():
            text = json.dumps(value, sort_keys=True).replace(person, "me").replace(f"member.{person[-4:]}", "member")
            found.setdefault((relation, column), []).append(text)
    return {place: sorted(values) for place, values in found.items()}


def _quoted(column: str) -> str:
    return column if re.fullmatch(r"[a-z_][a-z0-9_]*", column) else '"' + column.replace('"', '""') + '"'


ADVICE = (
    "-- {object}: {problem}\n"
    "-- Let the trigger's function on auth.users take what it is given as it may be: nothing, empty, long, or no\n"
    "-- e-mail address. If the project does not offer this way of signing up, take it out of sign_up in audit.toml."
)
STOPPED = (
    "-- {object}: {problem}\n"
    "-- Let no trigger on the tables of auth refuse or leave out what the service writes: people are locked out then."
)
CAUTION = (
    "-- {object} takes its value from raw_user_meta_data, which the person writes. Let the trigger's function on\n"
    "-- auth.users set it itself, or read raw_app_meta_data, which only the server writes."
)


def _row(service: Actor, name: str, details: Mapping[str, str], fix: str = "") -> Row:
    advice = ADVICE if "problem" in details else CAUTION
    texts = {"object": safe(name), **{key: safe(value) for key, value in details.items()}}
    return Row(safe(name), {"actor": service.people[0].name, **details}, texts, (fix or advice).format_map(texts))


def _evidence(service: Actor, rows: Sequence[Row], population: Population, doubt: str = "") -> Evidence:
    return Evidence(
        rows,
        about="signing up",
        log=service.stage.log,
        population=population,
        unjudgeable=doubt or safe(service.stage.unlike.get("auth.users", "")),
        question="insert into auth.users select $1",
    )
