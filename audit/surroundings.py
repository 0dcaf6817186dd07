"""What code asks of the place where it runs, which answers otherwise in a rehearsal than where it is meant to run.

PostgreSQL describes a database in catalogues, which are the same wherever its migrations were applied; all else that
begins like them (``pg_``, ``inet_``, ``txid_``) describes the server, its sessions and its state. So what is listed is
what is harmless, and not what is not. https://www.postgresql.org/docs/current/functions-info.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from audit.sql_text import LONGEST, NUMBER, STRING, Token, tokens

Code = tuple[Token, ...]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OF_THE_PLACE = re.compile(r"pg_|inet_|txid_")

# Catalogues of a database, and functions that read them or do something: they tell nothing of the place.
_CATALOGUES = _set(
    "pg_aggregate pg_am pg_attrdef pg_attribute pg_cast pg_class pg_collation pg_constraint pg_conversion pg_depend "
    "pg_default_acl pg_description pg_enum pg_event_trigger pg_foreign_table pg_index pg_indexes pg_inherits "
    "pg_language pg_matviews pg_namespace pg_opclass pg_operator pg_opfamily pg_partitioned_table pg_policies "
    "pg_policy pg_proc pg_publication pg_publication_rel pg_publication_tables pg_publication_namespace pg_range "
    "pg_rewrite pg_rules pg_sequence pg_sequences pg_statistic_ext pg_stats_ext pg_tables pg_trigger pg_ts_config "
    "pg_ts_dict pg_type pg_views pg_catalog pg_temp pg_shdepend pg_attribute_relid_attnum_index"
)
_FUNCTIONS = re.compile(
    r"pg_(?:get_\w*(?:def|expr|by_index|sequence|keywords|identity_arguments|result|arguments)|has_role|typeof|"
    r"advisory_\w+|notify|sleep\w*|\w+_is_visible|describe_object|identify_object\w*|collation_for|"
    r"input_is_valid|column_is_updatable|relation_is_updatable|partition_(?:root|tree|ancestors)|trigger_depth|"
    r"stat_force_next_flush|column_size|encoding_to_char|client_encoding|char_to_encoding|temp_\w*|trgm\w*|"
    r"catalog|cron|graphql|net|vector|trgm|jsonschema|stat_statements|serial_sequence)"
)
# Who asks, and where: words that are called without parentheses.
# https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SESSION
_WORDS = frozenset({"session_user", "system_user", "current_catalog"})
_CALLED = _set("current_setting current_database current_query version timeofday nextval currval lastval")
# Catalogues that say nothing of the rehearsal itself, in which tables, triggers and a role of the audit are there.
_VOCABULARY = _set("pg_catalog pg_collation pg_enum pg_language pg_range pg_ts_config pg_ts_dict pg_type")
_LOOKS_UP = _set("to_regclass to_regproc to_regprocedure to_regnamespace to_regrole to_regtype")
_OURS = re.compile(r"""\s*"?pg_temp|.*\baudit_stand_in\b""", re.DOTALL)
# What the catalogues say of a database's contents and its files; and what asks questions that are written in texts.
_CONTENTS = _set(
    "reltuples relpages relallvisible relfrozenxid relminmxid relfilenode datfrozenxid last_value "
    "sql_implementation_info "
    "query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml schema_to_xml database_to_xml "
    "cursor_to_xml ts_stat dblink dblink_exec"
)
# Settings that say who calls an API, or that the migration itself sets, by set_config or SET.
_SETTINGS = re.compile(r"request\.(?:jwt\b|headers\Z)|role\Z|search_path\Z|app\.")
# In code that stays, a setting with a dot is the application's to set; and who may do what is asked at any time.
_OFTEN = re.compile(
    r"current_setting\((?!request\.)\w+\.|pg_roles\Z|pg_auth_members\Z|pg_extension\Z|current_setting\Z"
)
# What is another one each time. Beside a column it is what a row is compared with.
_CHANCE = _set("random random_normal gen_random_uuid uuidv4 uuidv7 gen_random_bytes uuid_generate_v4")
_CHANGING = _CHANCE | _set(
    "now current_date current_timestamp localtimestamp current_time localtime clock_timestamp statement_timestamp "
    "transaction_timestamp"
)
# Words beside them that are no columns.
_NO_COLUMNS = _CHANGING | _set(
    "interval date timestamp timestamptz time timetz with without zone at text int integer bigint numeric float double "
    "precision smallint boolean true false null extract from date_part date_trunc to_char to_date to_timestamp year "
    "month day hour minute second week quarter dow isodow doy epoch century decade between symmetric not is cast as "
    "pg_catalog in select distinct begin"
)
# Where a condition begins and ends.
_EDGES = _set(
    "where and or on when then else if elsif elseif while having filter case loop begin end set return returning "
    "union ;"
)
_CONDITIONS = _set("where and or on when if elsif elseif while having filter nullif")


def asks(code: Sequence[Token]) -> Iterator[str]:
    """Yield what code asks of the place where it runs."""
    for at, token in enumerate(code):
        word = token.name if token.kind is not STRING else ""
        if not word:
            continue
        after = code[at + 1].text if at + 1 < len(code) else ""
        if (word in _WORDS and token.word) or word in _CONTENTS:
            yield word
        elif word in _CALLED and after == "(":
            said = code[at + 2] if at + 2 < len(code) else None
            value = said.value if said is not None and said.kind is STRING else ""
            if word != "current_setting" or not _SETTINGS.match(value):
                yield f"{word}({value})" if value and re.fullmatch(r"[\w.]{1,60}", value) else word
        elif _OF_THE_PLACE.match(word) and word not in _CATALOGUES and not _FUNCTIONS.fullmatch(word):
            # Names of the project's own may begin so, too: a column, after a table's name.
            if at and code[at - 1].text == "." and at > 1 and code[at - 2].name != "pg_catalog":
                continue
            yield word


def rehearsed(code: Sequence[Token]) -> Iterator[str]:
    """Yield what code that runs while people act asks of a catalogue: there it can see that they are made up."""
    for at, token in enumerate(code):
        if token.kind is STRING:
            if _OURS.match(token.value):
                yield token.value.strip()[:60]
            continue
        column = at > 1 and code[at - 1].text == "." and code[at - 2].name != "pg_catalog"
        looked_up = at + 2 < len(code) and code[at + 2].kind is STRING
        if (token.name in _CATALOGUES - _VOCABULARY and not column) or (token.name in _LOOKS_UP and not looked_up):
            yield token.name


def remembered(code: Sequence[Token]) -> Iterator[str]:
    """Yield what code reads that it has written itself: whom it lets in may be another matter the next time."""
    written, read = set[str](), dict[str, None]()
    for before, at in pairwise(range(len(code))):
        word, title = code[before].word, _title(code[at:])
        if word == "into" or (word == "update" and code[before - 1].word not in ("for", "key")):
            written.add(title)
        elif word in ("from", "join"):
            (written.add if code[before - 1].word == "delete" else read.setdefault)(title)
    for title in read:
        if title and title in written:
            yield f"what it wrote into {title}"


def _title(code: Sequence[Token]) -> str:
    """Return a name at the beginning of some code, without its schema."""
    at = 0
    while at + 2 < len(code) and code[at + 1].text == ".":
        at += 2
    return code[at].name if code and code[at].name and code[at].word != "strict" else ""


def by_chance(code: Sequence[Token]) -> Iterator[str]:
    """Yield what a condition asks of the clock or of chance alone, no row being compared with it."""
    found = [token.word for token in code if token.word in _CHANGING]
    if not found:
        return
    # Two clocks tell something, too: whether a transaction has just begun. A function may hand a number on.
    compared = _compares(code) or len(set(found)) > 1 or bool({*found} & _CHANCE)
    others = [
        token
        for at, token in enumerate(code)
        if token.name
        and token.word not in _NO_COLUMNS
        and not (at and code[at - 1].text == ":")
        and not _is_called(code, at)
    ]
    if compared and not others:
        yield from found


def _is_called(code: Sequence[Token], at: int) -> bool:
    """Tell whether a name is a function's, or its schema's."""
    behind = [token.text for token in code[at + 1 : at + 4]]
    return behind[:1] == ["("] or (behind[:1] == ["."] and behind[2:] == ["("])


def _compares(code: Sequence[Token]) -> bool:
    """Tell whether a literal stands in some code that is no length of time and no time zone."""
    for at, token in enumerate(code):
        if token.kind in (STRING, NUMBER):
            before = code[at - 1].word if at else ""
            cast = "".join(each.text for each in code[at + 1 : at + 4])
            if before not in ("interval", "zone") and cast != "::interval":
                return True
    return False


def conditions(code: Sequence[Token]) -> Iterator[Code]:
    """Yield the conditions in some code: what stands between words such as WHERE, AND, WHEN and THEN."""
    begin, inside = 0, False
    for at, token in enumerate(code):
        if token.sign in _EDGES:
            if inside:
                yield tuple(code[begin:at])
            begin, inside = at + 1, token.sign in _CONDITIONS
    if inside:
        yield tuple(code[begin:])


def decided(code: Sequence[Token]) -> tuple[str, ...]:
    """Return what of the place, the clock or chance the conditions in some code hang on."""
    found = (said for each in conditions(code) for said in (*asks(each), *by_chance(each)))
    return tuple(dict.fromkeys(found))


TOO_LONG = "more than is read of it"


def decided_later(text: str, *, is_condition: bool) -> tuple[str, ...]:
    """Return the same of code that stays and runs later.

    ``is_condition``: all of it decides, as in a policy, and in what a policy calls.
    """
    if len(text) > LONGEST:
        return (TOO_LONG,)
    code = tuple(tokens(text))
    parts = _parts(tuple(_open(code))) if is_condition else conditions(code)
    found = dict.fromkeys(
        said
        for each in parts
        for said in (*asks(each), *((*rehearsed(each), *by_chance(each)) if is_condition else ()))
    )
    if is_condition:
        found |= dict.fromkeys(remembered(code))
    return tuple(said for said in found if not _OFTEN.match(said))


def _parts(code: Sequence[Token]) -> Iterator[Code]:
    begin = 0
    for at, token in enumerate(code):
        if token.sign in _EDGES:
            yield tuple(code[begin:at])
            begin = at + 1
    yield tuple(code[begin:])


# --- A day that does not come again

_CLOCKS = _CHANGING - _CHANCE
_BEFORE = {"<": True, "<=": True, ">": False, ">=": False}
# So far apart may the days be of this machine and of the server, or of two time zones.
_SURE = timedelta(days=2)
# Parentheses within one another that are looked into: nobody writes more, and the time grows with them.
_DEEP = 12


def _open(code: Sequence[Token], deep: int = _DEEP) -> Iterator[Token]:
    """Yield the tokens of a condition, without comparisons of the clock and a moment that will never let in more.

    What has an end (``now() < '2030-01-01'``) lets in nobody later whom it does not let in now, and what has begun
    (``now() > '2020-01-01'``) lets in the same ones later. Both hold only for what is an alternative or a demand of the
    whole condition: within NOT, a question, a function or a comparison it may be the other way round.
    """
    while deep and _is_whole(code):
        code, deep = code[1:-1], deep - 1
    begin = depth = 0
    pieces: list[Sequence[Token]] = []
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not depth and token.sign in ("and", "or"):
            pieces += [code[begin:at], code[at : at + 1]]
            begin = at + 1
        elif not depth and (token.sign in _EDGES or token.sign == "between"):
            yield from code
            return
    for piece in (*pieces, code[begin:]):
        if deep and pieces and _is_whole(piece):
            yield from _open(piece, deep - 1)
        elif not _is_over(piece):
            yield from piece


def _is_whole(code: Sequence[Token]) -> bool:
    """Tell whether one pair of parentheses is around all of some code."""
    depth = 0
    for at, token in enumerate(code):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not depth:
            return token.text == ")" and at == len(code) - 1
    return False


def _is_over(code: Sequence[Token]) -> bool:
    """Tell whether some code compares the clock with a moment, and from now on only lets in the same or fewer."""
    compares = [at for at, token in enumerate(code) if token.text in _BEFORE]
    if len(compares) != 1:
        return False
    left, right = code[: compares[0]], code[compares[0] + 1 :]
    ends = _BEFORE[code[compares[0]].text]
    if not _is_clock(left):
        left, right, ends = right, left, not ends
    moment = _moment(right) if _is_clock(left) else None
    return moment is not None and (ends or moment < datetime.now(UTC) - _SURE)


def _is_clock(code: Sequence[Token]) -> bool:
    return bool(code) and code[0].word in _CLOCKS and [token.text for token in code[1:]] in ([], ["(", ")"])


def _moment(code: Sequence[Token]) -> datetime | None:
    """Return the moment that a literal says, with or without its type; None where it says none, or one that moves."""
    literals = [token for token in code if token.kind is STRING]
    words = {token.word for token in code if token.kind is not STRING and token.text != ":"}
    if len(literals) != 1 or words - {"timestamp", "timestamptz", "date", "with", "without", "time", "zone"}:
        return None
    try:
        found = datetime.fromisoformat(literals[0].value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def by_the_application(text: str) -> Iterator[str]:
    """Yield what a rule of access asks that is neither the caller nor the row: a setting, how many rows a table has.

    A setting that a column is compared with says whose rows are meant; beside a literal it is a switch.
    """
    if len(text) > LONGEST:
        return
    code = tuple(tokens(text))
    for part in _parts(code):
        for at, token in enumerate(part):
            said = part[at + 2] if token.name == "current_setting" and at + 2 < len(part) else None
            if said is not None and said.kind is STRING and re.fullmatch(r"(?!request\.)\w+(?:\.\w+)+", said.value):
                others = [
                    each
                    for place, each in enumerate(part)
                    if each.name and each.word not in _NO_COLUMNS and not _is_called(part, place)
                    and not (place and part[place - 1].text == ":")
                ]  # fmt: skip
                if not others:
                    yield f"current_setting({said.value})"
    for at, token in enumerate(code[:-1]):
        if token.name == "count" and code[at + 1].text == "(":
            words = {each.sign for each in _up_to_end(code, at + 1)}
            if "from" in words and not words & {"where", "on", "using", "filter", "group"}:
                yield "how many rows a table has"


def _up_to_end(code: Sequence[Token], start: int) -> Iterator[Token]:
    """Yield what is left of a query."""
    depth = 0
    for token in code[start:]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (not depth and token.text == ";"):
            return
        yield token


def led_to(texts: Iterable[str], bodies: Mapping[str, Sequence[str]], names: Callable[[str], Set[str]]) -> set[str]:
    """Return the names of the functions that some code leads to, each by its own name, and those that these name.

    ``bodies`` are the functions' code by their names, and ``names`` says which names stand in some code.
    """
    found: set[str] = set()
    waiting = set[str]().union(*map(names, texts)) & bodies.keys()
    while waiting:
        found |= waiting
        inner = (names(body) for name in waiting for body in bodies[name])
        waiting = (set[str]().union(*inner) & bodies.keys()) - found
    return found


def deciding(text: str, bodies: Mapping[str, Sequence[str]], names: Callable[[str], Set[str]]) -> tuple[str, ...]:
    """Return what of the place, the clock or chance a rule of access hangs on, or functions that it calls."""
    found = dict.fromkeys(decided_later(text, is_condition=True))
    for name in sorted(led_to([text], bodies, names)):
        found |= {said: None for body in bodies[name] for said in decided_later(body, is_condition=True)}
    return tuple(found)
