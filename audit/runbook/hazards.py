"""What of a runbook's SQL is dangerous as it is written, by its own words and by what the catalogue says.

Each hazard is a function from a block to remarks. Who reads a runbook in an incident pastes what it says: a hazard is
what harms then though the server would execute it without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from audit.catalog.expressions import conjuncts
from audit.runbook.database import Column, Database, Relation
from audit.runbook.results import Remark
from audit.runbook.statements import Content, Written
from audit.sql_text import bare, chains, tokens

DANGER = "RUN-04"

# The transaction that a statement is in: none, one that is kept, or one that is rolled back in the end.
OUTSIDE, KEPT, UNDONE = "outside", "kept", "undone"

_ALL = re.compile(r"\b(?:all|every|each|everything|everybody)\b", re.IGNORECASE)
_TRAIL = re.compile(r"audit|log|trail|histor|event|journal", re.IGNORECASE)
_NAME = re.compile(
    r"(?:(?:display|full|user|public|nick|first|last|screen|member|profile)_?)?name|handle", re.IGNORECASE
)
_EMAIL = re.compile(r"e_?mail(?:_address)?|[a-z]+_email", re.IGNORECASE)


@dataclass(frozen=True)
class Placed:
    """A statement in its block: how it reads filled in, parsed (None: not by our parser), and its transaction."""

    written: Written
    text: str
    parsed: exp.Expr | None
    within: str


@dataclass
class Scene:
    """One block with its statements, and the database that they are about.

    ``rows`` are how many rows the planner expects a statement to change, by its line.
    """

    content: Content
    database: Database
    placed: tuple[Placed, ...] = ()
    doubts: list[str] = field(default_factory=list)
    rows: dict[int, int] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """What the book says right before the block."""
        return "\n".join(self.content.fence.before.split("\n")[-2:])


def remark(line: int, kind: str, about: str, message: str, mend: str, policy: str = DANGER) -> Remark:
    """Return a remark about a statement of a block."""
    return Remark(policy, line, kind, about, message, mend)


def title(text: str) -> str:
    """Name a statement by its verb and the first object that it names."""
    found = list(tokens(text[:4000]))
    if not found:
        return "statement"
    verb = found[0].word or "statement"
    if verb == "set":
        named = [token for token in found[1:] if token.word not in ("local", "session")][:5]
        return "set " + (text[named[0].start : named[-1].end].split("=")[0].split(" ")[0] if named else "")
    words = {
        "from",
        "into",
        "update",
        "join",
        "table",
        "index",
        "view",
        "on",
        "function",
        "policy",
        "trigger",
        "role",
        "only",
    }
    for chain in chains(found):
        if chain.names[-1] in ("concurrently", "if", "not", "exists", "only", "select", "set", "values", "("):
            continue
        at = chain.first - 1
        while at >= 0 and found[at].word in ("concurrently", "if", "not", "exists", "only"):
            at -= 1
        if at >= 0 and found[at].word in words and chain.first > 0 and chain.names[-1] not in words:
            return f"{verb} {'.'.join(chain.names)}"
    if verb in ("analyze", "vacuum", "show", "reset", "select"):
        names = [".".join(chain.names) for chain in chains(found)][1:2]
        return " ".join([verb, *names])
    return verb


# What our parser knows; of the rest it says so on the terminal.
_PARSED = re.compile(
    r"\s*+\(*+\s*+(?:select|with|insert|update|delete|merge|values|create\s+(?:or\s+replace\s+)?(?:(?:temp|temporary|materialized"
    r"|recursive|unlogged|unique)\s+)*(?:table|view|index))\b",
    re.IGNORECASE,
)


def parsed(text: str) -> exp.Expr | None:
    """Parse one statement, or return None where our parser does not know it."""
    if not _PARSED.match(text):
        return None
    try:
        found = sqlglot.parse_one(text, dialect="postgres")
    except (SqlglotError, RecursionError):
        return None
    return None if isinstance(found, exp.Command) else found


def line_at(each: Placed, node: exp.Expr) -> int:
    """Return the line in the book where a part of a statement is written."""
    starts = [part.meta["start"] for part in node.find_all(exp.Identifier, exp.Literal) if "start" in part.meta]
    return each.written.line + each.text.count("\n", 0, min(starts, default=0))


def transactions(written: Sequence[Written]) -> list[str]:
    """Tell of each statement of a block in what kind of transaction it is."""
    kinds = [OUTSIDE] * len(written)
    begun = -1
    for at, each in enumerate(written):
        words = each.words
        if each.together:
            kinds[at] = KEPT
        if words[:1] == ("begin",) or words[:2] == ("start", "transaction"):
            begun = at
        elif begun >= 0 and (words[:1] in (("commit",), ("end",)) or _rolls_back(words)):
            kinds[begun : at + 1] = [UNDONE if _rolls_back(words) else KEPT] * (at + 1 - begun)
            begun = -1
    if begun >= 0:
        kinds[begun:] = [KEPT] * (len(kinds) - begun)
    return kinds


def _rolls_back(words: Sequence[str]) -> bool:
    return words[:1] in (("rollback",), ("abort",)) and "to" not in words[1:3] and "prepared" not in words[1:3]


def hazards(scene: Scene) -> Iterator[Remark]:
    """Return everything that is dangerous as it is written."""
    found = [each for look in _LOOKS for each in look(scene)]
    # What must not be done once need not be told that it cannot be done twice.
    destroying = {each.line for each in found if each.kind == "destroys"}
    yield from (each for each in found if each.kind != "not repeatable" or each.line not in destroying)


# --- Guards that are taken away

_OFF = (
    (
        re.compile(r"\bdisable\s+row\s+level\s+security\b|\bno\s+force\s+row\s+level\s+security\b", re.IGNORECASE),
        "row level security off",
        "it opens the table to everybody who holds a grant, for as long as nobody switches it on again",
        "try the statement as the member, within begin; set local role authenticated; ...; rollback;",
    ),
    (
        re.compile(r"\balter\s+(?:role|user)\b.*?(?<!no)\bbypassrls\b", re.IGNORECASE | re.DOTALL),
        "row level security off",
        "the role passes every policy from then on",
        "use a role that has it already, for that one session",
    ),
    (
        re.compile(r"\bsession_replication_role\b\s*(?:=|\bto\b)\s*'?\s*(?:replica|\s*')", re.IGNORECASE),
        "triggers off",
        "no trigger and no foreign key is heeded until it is set back",
        "mend the rows with the triggers on",
    ),
    (
        re.compile(r"\bdisable\s+trigger\b", re.IGNORECASE),
        "triggers off",
        "whatever is written meanwhile, by anybody, goes past the trigger",
        "do it within one transaction, or let the trigger tell who may pass it",
    ),
)


def _guards_off(scene: Scene) -> Iterator[Remark]:
    for each in scene.placed:
        if each.within == UNDONE:
            continue
        text = bare(each.text)
        for pattern, kind, why, mend in _OFF:
            if pattern.search(text) and not (kind == "triggers off" and each.within == KEPT):
                yield remark(each.written.line, kind, title(each.text), why, mend)


_CLAIM = re.compile(
    r"set_config\s*\(\s*'(?:request\.[^']*|role|session_authorization)'\s*,.*,\s*(?P<local>true|false|'t'|'f'|'true'|'false')\s*\)",
    re.IGNORECASE | re.DOTALL,
)


def _roles_kept(scene: Scene) -> Iterator[Remark]:
    """Find who becomes somebody else, or claims to be, beyond the transaction; or only seems to."""
    for each in scene.placed:
        words = each.written.words
        local = words[1:2] == ("local",)
        becomes = _becomes(each.text, words)
        if called := _CLAIM.search(each.text):
            becomes, local = "a claim", "t" in called["local"].strip("'").lower()[:1]
        if not becomes:
            continue
        about = title(each.text)
        if not local:
            yield remark(
                each.written.line,
                "set without local",
                about,
                f"{becomes} stays set for the whole session, and through a pooler for whoever gets the session next",
                "write begin; set local ...; the statements; rollback;",
            )
        elif each.within == OUTSIDE:
            yield remark(
                each.written.line,
                "local without a transaction",
                about,
                f"outside a transaction it has no effect: what follows is done without {becomes}, with all rights",
                "write begin; before it and rollback; at the end",
            )


def _becomes(text: str, words: Sequence[str]) -> str:
    if words[:1] != ("set",):
        return ""
    rest = [word for word in words[1:] if word not in ("local", "session")]
    if rest[:1] == ["role"]:
        return "" if rest[1:2] in (["none"], ["default"]) else "the role"
    if rest[:1] == ["authorization"]:
        return "the role"
    found = [token for token in tokens(text) if token.word not in ("set", "local", "session")]
    return "the claim" if found and found[0].name == "request" else ""


# --- Rows that are changed or lost


def _bulk(scene: Scene) -> Iterator[Remark]:
    for each in scene.placed:
        if each.within == UNDONE:
            continue
        if each.written.verb == "truncate":
            yield remark(
                each.written.line,
                "no where",
                title(each.text),
                "it empties the table at once",
                "delete the rows that are meant, by their key",
            )
        for statement in _within(each, exp.Delete, exp.Update):
            if statement.find_ancestor(exp.Merge) is not None:
                continue  # its rows are told by what it is merged with
            if (found := _too_many(scene, each, statement)) is not None:
                yield found


def _too_many(scene: Scene, each: Placed, statement: exp.Expr) -> Remark | None:
    relation = _relation(scene.database, statement.this)
    name = str(relation) if relation else statement.this.sql(dialect="postgres")
    where = statement.args.get("where")
    verb = "delete" if isinstance(statement, exp.Delete) else "update"
    about = f"{verb} {name}"
    if where is None:
        mend = "name the rows by their key in a WHERE"
        return remark(each.written.line, "no where", about, f"it has no WHERE: every row of {name} is hit", mend)
    if relation is None or _by_key(where.this, relation):
        return None
    if _ALL.search(f"{each.written.comment} {scene.said}"):
        return None
    return remark(
        each.written.line,
        "more rows than said",
        about,
        f"its WHERE names no key of {name}: it hits whatever rows match at that moment{_expected(scene, each)},"
        " which the text does not say",
        "look first (select ... with the same WHERE), then name the rows by their key; or say that all are meant",
    )


def _expected(scene: Scene, each: Placed) -> str:
    rows = scene.rows.get(each.written.line)
    return f" (now about {rows}, as the planner estimates)" if rows else ""


def _by_key(condition: exp.Expr, relation: Relation) -> bool:
    """Tell whether a condition binds the columns of a unique key to values."""
    bound: set[str] = set()
    for part in conjuncts(condition):
        match part:
            case exp.EQ() | exp.NullSafeEQ():
                for side, other in ((part.this, part.expression), (part.expression, part.this)):
                    # A key as text is the key.
                    one = side.this if isinstance(side, exp.Cast) else side
                    if isinstance(one, exp.Column) and _is_value(other):
                        bound.add(one.name)
            case exp.In() if isinstance(part.this, exp.Column) and not part.args.get("query"):
                bound.add(part.this.name)
    return any(key <= bound for key in relation.keys)


def _is_value(other: exp.Expr) -> bool:
    """Tell whether an expression is one value for the whole statement: no column of its own level is in it."""
    if isinstance(other.unnest(), exp.Select | exp.Subquery):
        return True
    return other.find(exp.Column) is None


def _executed(scene: Scene) -> Iterator[Remark]:
    for each in scene.placed:
        changing = isinstance(each.parsed, exp.Insert | exp.Update | exp.Delete | exp.Merge)
        if each.written.verb == "explain" and changing and each.within != UNDONE and _ANALYZES.match(each.text):
            yield remark(
                each.written.line,
                "explain that executes",
                title(each.text),
                "EXPLAIN ANALYZE executes the statement that it explains",
                "leave ANALYZE out, or put it between begin; and rollback;",
            )


_ANALYZES = re.compile(
    r"explain\s*+(?:\([^()]*\banalyze\b(?!\s*(?:off|false|0))[^()]*\)|(?<=\s)(?:verbose\s++)?+analyze\b)", re.IGNORECASE
)


def _loses(scene: Scene) -> Iterator[Remark]:
    made = {name for each in scene.placed if each.written.verb == "create" for name in objects(each.text)}
    for each in scene.placed:
        if each.within == UNDONE:
            continue
        words = [word for word in each.written.words if word not in ("if", "exists")]
        text = bare(each.text)
        about = title(each.text)
        if words[:2] in (["drop", "database"], ["drop", "schema"], ["drop", "owned"], ["drop", "tablespace"]):
            yield remark(
                each.written.line,
                "destroys",
                " ".join(words[:2]),
                "everything in it is gone, and no transaction brings it back",
                "restore into another database and compare; a runbook has no such statement to paste",
            )
        elif words[:2] == ["drop", "table"] and not made.intersection(objects(each.text)):
            yield remark(
                each.written.line, "destroys", about, "the rows are gone with the table", "rename it, and drop it later"
            )
        elif words[:2] == ["alter", "system"]:
            yield remark(
                each.written.line,
                "outside the database",
                about,
                "it changes the whole server's configuration",
                "set it for the role or the database: alter role ... set",
            )
        elif words[:1] == ["copy"] and re.search(r"\bprogram\b", text, re.IGNORECASE):
            yield remark(
                each.written.line,
                "outside the database",
                about,
                "it runs a program on the database server",
                "export with \\copy, on the machine of whoever follows the book",
            )
        elif _FILES.search(text):
            yield remark(
                each.written.line,
                "outside the database",
                about,
                "it reads or writes files of the database server",
                "use \\copy or \\lo_export on the machine of whoever follows the book",
            )
        elif _ENDS_SESSIONS.search(text) and not re.search(r"\bwhere\b", text, re.IGNORECASE):
            yield remark(
                each.written.line,
                "no where",
                about,
                "it ends every session, those of the platform too",
                "name the process by its pid",
            )


_ENDS_SESSIONS = re.compile(r"\bpg_terminate_backend\s*\(.*\bfrom\b", re.IGNORECASE | re.DOTALL)
_FILES = re.compile(
    r"\b(?:pg_read_file|pg_read_binary_file|pg_ls_dir|lo_import|lo_export|pg_file_write)\s*\("
    r"|\bcopy\b(?:(?!\bcopy\b)[^;])*?\b(?:to|from)\s++'",
    re.IGNORECASE | re.DOTALL,
)


# --- Gaps, locks, and what is done twice

_PAIRS = ("policy", "trigger", "function", "view", "index", "table", "constraint", "procedure")


def _gaps(scene: Scene) -> Iterator[Remark]:
    """Find what is taken away and put back by statements that are transactions of their own."""
    dropped: dict[tuple[str, str], Placed] = {}
    for each in scene.placed:
        if each.within != OUTSIDE:
            continue
        for kind, name in _made_or_dropped(each, "drop"):
            dropped[kind, name] = each
        for kind, name in _made_or_dropped(each, "create"):
            if before := dropped.pop((kind, name), None):
                mend = "put both between begin; and commit;"
                if kind == "index":
                    mend = (
                        "create the new index under another name first, concurrently, and drop the old one afterwards"
                    )
                yield remark(
                    before.written.line,
                    "gap",
                    f"drop {kind} {name}",
                    f"between this statement and the one that puts it back, the {kind} is not there for anybody",
                    mend,
                )
    yield from _unprotected(scene)


def _unprotected(scene: Scene) -> Iterator[Remark]:
    made = {
        name: each
        for each in scene.placed
        if each.within == OUTSIDE and each.written.words[:2] == ("create", "table")
        for name in objects(each.text)
    }
    for each in scene.placed:
        if re.search(r"\benable\s+row\s+level\s+security\b", bare(each.text), re.IGNORECASE):
            for name in objects(each.text) & made.keys():
                yield remark(
                    made[name].written.line,
                    "gap",
                    f"create table {name}",
                    "until row level security is switched on, the new table is open to whoever the defaults grant it",
                    "put both between begin; and commit;",
                )


def _made_or_dropped(each: Placed, verb: str) -> Iterator[tuple[str, str]]:
    words = [
        word for word in each.written.words if word not in ("or", "replace", "unique", "materialized", "concurrently")
    ]
    if words[:1] == [verb] and words[1:2] and words[1] in _PAIRS:
        for name in list(objects(each.text))[:1]:
            yield words[1], name
    clause = {"drop": r"\bdrop\s+constraint\s+(?:if\s+exists\s+)?", "create": r"\badd\s+constraint\s+"}[verb]
    if words[:2] == ["alter", "table"]:
        for found in re.finditer(clause + r'("[^"]+"|\w+)', each.text, re.IGNORECASE):
            yield "constraint", found[1].strip('"').lower()


def objects(text: str) -> set[str]:
    """Return the name of the object that a CREATE, DROP or ALTER is about, without its schema."""
    found = list(tokens(text[:4000]))
    kinds = {*_PAIRS, "role", "type", "schema", "sequence", "extension", "domain", "publication", "user"}
    for at, token in enumerate(found):
        if token.word in kinds:
            behind = at + 1
            while behind < len(found) and found[behind].word in ("if", "not", "exists", "concurrently", "only"):
                behind += 1
            for chain in chains(found[behind:]):
                if chain.first == 0:
                    return {chain.names[-1]}
            return set()
    return set()


def _locks(scene: Scene) -> Iterator[Remark]:
    made = {
        name for each in scene.placed if each.written.words[:2] == ("create", "table") for name in objects(each.text)
    }
    for each in scene.placed:
        words = [word for word in each.written.words if word != "unique"]
        if each.within == UNDONE:
            continue
        about = title(each.text)
        text = bare(each.text)
        concurrently = bool(re.search(r"\bconcurrently\b", text, re.IGNORECASE))
        if words[:2] == ["create", "index"] and not concurrently:
            on = re.search(r'\bon\s+(?:only\s+)?(?:[\w"]+\.)?"?(\w+)', text, re.IGNORECASE)
            if on is None or on[1].lower() not in made:
                yield remark(
                    each.written.line,
                    "without concurrently",
                    about,
                    "nobody can write to the table until the index is built",
                    "write create index concurrently if not exists ..., outside a transaction",
                )
        elif words[:1] == ["reindex"] and not concurrently:
            yield remark(
                each.written.line,
                "without concurrently",
                about,
                "nobody can write to the table until the index is rebuilt",
                "write reindex index concurrently ..., outside a transaction",
            )
        elif words[:2] == ["drop", "index"] and not concurrently:
            yield remark(
                each.written.line,
                "without concurrently",
                about,
                "it waits for every query on the table, and all others for it",
                "write drop index concurrently if exists ..., outside a transaction",
            )
        elif re.match(r"vacuum\b[\s(]*(?:\w+\s*,\s*)*full\b|cluster\b", text, re.IGNORECASE):
            yield remark(
                each.written.line,
                "rewrites the table",
                about,
                "nobody can read or write the table until it is written anew",
                "write vacuum (analyze) ...; what is bloated is rewritten in a maintenance window",
            )
        if concurrently and each.within == KEPT and words[:1] != ["refresh"]:
            yield remark(
                each.written.line,
                "within a transaction",
                about,
                "CONCURRENTLY is refused within a transaction block",
                "send it alone, outside of begin and commit",
                policy="RUN-02",
            )
        elif words[:1] == ["vacuum"] and each.within == KEPT:
            yield remark(
                each.written.line,
                "within a transaction",
                about,
                "VACUUM is refused within a transaction block",
                "send it alone, in a psql -c of its own",
                policy="RUN-02",
            )


_GUARDED = re.compile(
    r"\bif\s+(?:not\s+)?exists\b|\bor\s+replace\b|\A\s*create\s+(?:(?:global|local)\s+)?temp(?:orary)?\b", re.IGNORECASE
)
_UNGUARDED = frozenset(
    ["table", "index", "view", "schema", "sequence", "extension", "materialized", "function", "procedure", "trigger"]
)
_NEVER_GUARDED = frozenset(["policy", "type", "domain", "role", "user", "publication"])


def _unrepeatable(scene: Scene) -> Iterator[Remark]:
    dropped: set[tuple[str, str]] = set()
    for each in scene.placed:
        if each.within == UNDONE:
            continue
        text = bare(each.text, depth=0)
        words = [word for word in each.written.words if word not in ("unique", "constraint", "recursive")]
        if words[:1] == ["drop"]:
            dropped |= {*_made_or_dropped(each, "drop")}
        why = ""
        kind = words[1] if len(words) > 1 else ""
        if words[:1] == ["create"] and kind in _UNGUARDED | _NEVER_GUARDED and not _GUARDED.search(text):
            if not dropped.intersection(_made_or_dropped(each, "create")):
                why = f"done a second time it fails: the {kind} is there by then"
        elif words[:2] == ["alter", "table"] and re.search(r"\badd\s+column\b(?!\s+if\b)", text, re.IGNORECASE):
            why = "done a second time it fails: the column is there by then"
        elif words[:2] == ["alter", "table"] and re.search(r"\badd\s+constraint\b", text, re.IGNORECASE):
            taken = {*_made_or_dropped(each, "drop")} | dropped
            if not taken.intersection(_made_or_dropped(each, "create")):
                why = "done a second time it fails: the constraint is there by then"
        elif words[:1] == ["drop"] and kind not in ("owned",) and not _GUARDED.search(text):
            why = f"done a second time it fails: the {kind} is gone by then"
        if words[:2] == ["alter", "table"]:
            dropped |= {*_made_or_dropped(each, "drop")}
        if why:
            yield remark(each.written.line, "not repeatable", title(each.text), why, _repeatably(words))
        for statement in _within(each, exp.Insert):
            if each.written.verb in ("insert", "with") and not _repeats(statement):
                relation = statement.this.find(exp.Table)
                name = relation.name if relation else ""
                if not _TRAIL.search(name):
                    yield remark(
                        each.written.line,
                        "not repeatable",
                        f"insert {name}",
                        "done a second time it writes the rows again, or fails",
                        "add on conflict ... do nothing, or where not exists (...)",
                    )


def _repeatably(words: Sequence[str]) -> str:
    if words[:1] == ["drop"]:
        return "write if exists"
    if words[1:2] and words[1] in _NEVER_GUARDED:
        return f"drop {words[1]} if exists before it, in one transaction"
    return "write if not exists, or create or replace where there is no such form"


def _repeats(statement: exp.Expr) -> bool:
    """Tell whether an INSERT done twice is as if done once: it minds what is there."""
    if statement.args.get("conflict"):
        return True
    source = statement.expression
    if not isinstance(source, exp.Select | exp.SetOperation):
        return False
    if source.find(exp.Except):
        return True
    where = source.args.get("where")
    if where is None:
        return False
    negated = [each for each in where.find_all(exp.Not) if each.find(exp.Exists, exp.In)]
    return bool(negated) or any(_is_null(each) for each in where.find_all(exp.Is))


def _is_null(each: exp.Expr) -> bool:
    return isinstance(each, exp.Is) and isinstance(each.expression, exp.Null) and not isinstance(each.parent, exp.Not)


# --- What is said without being so

_RESET = re.compile(r"\bpg_stat_(?:statements_)?reset\w*\s*\(", re.IGNORECASE)
_READS = re.compile(r"\bpg_stat(?:io)?_(?!(?:statements_)?reset)\w+", re.IGNORECASE)


def _resets(scene: Scene) -> Iterator[Remark]:
    # A file that psql is given may read them: its line counts, too.
    files = [
        scene.content.fence.first + command.line
        for command in scene.content.commands
        if command.name == "psql" and next(command.options("-f", "--file"), None) is not None
    ]
    reads = sorted([*files, *(each.written.line for each in scene.placed if _READS.search(bare(each.text)))])
    for each in scene.placed:
        if each.within != UNDONE and _RESET.search(bare(each.text)):
            before = [line for line in reads if line < each.written.line]
            after = [line for line in reads if line > each.written.line]
            if not before or after:
                yield remark(
                    each.written.line,
                    "resets statistics",
                    title(each.text),
                    "whoever reads the statistics afterwards, and every check of unused indexes, finds nothing in them",
                    "read and keep them first; mostly they need no reset at all",
                )


def _names_published(scene: Scene) -> Iterator[Remark]:
    for each in scene.placed:
        for statement in (*_within(each, exp.Insert, exp.Update), *_in_bodies(each.text)):
            for column, value in _written(statement):
                if _NAME.fullmatch(column) and _is_address(value):
                    yield remark(
                        line_at(each, value) if statement is each.parsed else each.written.line,
                        "publishes an e-mail address",
                        f"{title(each.text)} {column}",
                        f"where there is no name, the e-mail address becomes {column}, which others see",
                        "write a neutral name instead, such as 'New member'",
                    )
                    break


def _in_bodies(text: str) -> Iterator[exp.Expr]:
    """Return the writing statements in the bodies of functions."""
    for token in tokens(text):
        if token.dollar:
            for found in re.finditer(r"\b(?:insert\s+into|update)\b[^;]*", token.value, re.IGNORECASE):
                statement = parsed(re.sub(r"\bon\s+conflict\b.*", "", found.group(), flags=re.IGNORECASE | re.DOTALL))
                if isinstance(statement, exp.Insert | exp.Update):
                    yield statement


def _written(statement: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """Return which column gets which value."""
    if isinstance(statement, exp.Update):
        for each in statement.expressions:
            if isinstance(each, exp.EQ) and isinstance(each.this, exp.Column):
                yield each.this.name, each.expression
        return
    schema = statement.this
    columns = [each.name for each in schema.expressions] if isinstance(schema, exp.Schema) else []
    source = statement.expression
    if isinstance(source, exp.Values):
        for row in source.expressions:
            yield from zip(columns, row.expressions, strict=False)
    elif isinstance(source, exp.Select):
        yield from zip(columns, source.expressions, strict=False)


def _is_address(value: exp.Expr) -> bool:
    """Tell whether an expression may be an e-mail address as it is."""
    match value:
        case exp.Column():
            return bool(_EMAIL.fullmatch(value.name))
        case exp.JSONExtractScalar() | exp.JSONExtract():
            return bool(re.search(r"\be_?mail\b", value.expression.sql(), re.IGNORECASE))
        case (
            exp.Coalesce()
            | exp.Lower()
            | exp.Upper()
            | exp.Trim()
            | exp.Cast()
            | exp.Paren()
            | exp.DPipe()
            | exp.Concat()
        ):
            return any(_is_address(each) for each in value.iter_expressions())
        case exp.Nullif() | exp.Alias():
            return _is_address(value.this)
        case exp.Case():
            parts = [each.args["true"] for each in value.args.get("ifs", ())] + [value.args.get("default")]
            return any(_is_address(each) for each in parts if each is not None)
        case _:
            return False


def _never_true(scene: Scene) -> Iterator[Remark]:
    for each in scene.placed:
        if each.parsed is None:
            continue
        for select in each.parsed.find_all(exp.Select, exp.Delete, exp.Update):
            where = select.args.get("where")
            if where is None:
                continue
            for part in conjuncts(where.this):
                if isinstance(part, exp.EQ | exp.NEQ) and any(
                    isinstance(s, exp.Null) for s in (part.this, part.expression)
                ):
                    yield remark(
                        line_at(each, part),
                        "never true",
                        f"{title(each.text)} = null",
                        "nothing is equal to NULL: the answer is always empty",
                        "write is null",
                    )
                elif _is_null(part) and isinstance(part.this, exp.Column):
                    yield from _required(scene, each, select, part.this)


def _required(scene: Scene, each: Placed, select: exp.Expr, column: exp.Column) -> Iterator[Remark]:
    """Find an IS NULL of a column that never is, unless an outer join may leave it empty."""
    source = _source(scene.database, select, column)
    if source is None:
        return
    relation, outer = source
    known = relation.columns.get(column.name)
    if relation.is_table and not outer and known is not None and known.required:
        yield remark(
            line_at(each, column),
            "never true",
            f"{relation}.{column.name} is null",
            f"{relation}.{column.name} is NOT NULL: the check finds nothing, whatever happens",
            "ask for what can go wrong: a value that it must not have, or rows that are missing",
        )


def _callers(scene: Scene) -> Iterator[Remark]:
    """Find functions that ask who is calling, called in a block that says nobody."""
    claimed = False
    for each in scene.placed:
        claimed = claimed or bool(re.search(r"\brequest\.jwt", each.text))
        if claimed or each.parsed is None or each.written.verb == "create":
            continue
        for call in each.parsed.find_all(exp.Anonymous):
            parent = call.parent
            schema = parent.this.name if isinstance(parent, exp.Dot) else ""
            if any(name == call.name.lower() and schema in ("", where) for where, name in scene.database.callers):
                yield remark(
                    line_at(each, call),
                    "asks who is calling",
                    f"select {call.name.lower()}",
                    f"{call.name.lower()} asks who is calling, which the block does not say: its answer means nothing",
                    "write begin; select set_config('request.jwt.claims', ..., true); the call; rollback;",
                )


_ACTIVE = re.compile(r"\b(?:active|enabled|working|fires?|disabled)\b", re.IGNORECASE)


def _blind(scene: Scene) -> Iterator[Remark]:
    """Find questions to views that do not know what the text says that they tell.

    information_schema.triggers lists disabled triggers like all others, and only those of tables on which the asker has
    a privilege. https://www.postgresql.org/docs/current/infoschema-triggers.html
    """
    for each in scene.placed:
        if each.parsed is None or not _ACTIVE.search(f"{each.written.comment} {scene.said}"):
            continue
        for table in each.parsed.find_all(exp.Table):
            if (table.db.lower(), table.name.lower()) == ("information_schema", "triggers"):
                yield remark(
                    line_at(each, table),
                    "cannot tell",
                    "information_schema.triggers",
                    "information_schema.triggers does not know whether a trigger is enabled",
                    "ask pg_trigger: tgenabled in ('O', 'A') means enabled",
                )


def _tables(select: exp.Expr) -> Iterator[tuple[exp.Table, bool]]:
    """Return the tables of one level of a query, each with whether an outer join may leave its columns empty."""
    if isinstance(select, exp.Delete | exp.Update):
        if isinstance(select.this, exp.Table):
            yield select.this, False
        return
    first = select.args.get("from_") or select.args.get("from")
    joins = list(select.args.get("joins") or ())
    empties_left = any(each.side in ("RIGHT", "FULL") for each in joins)
    if first is not None and isinstance(first.this, exp.Table):
        yield first.this, empties_left
        joins += first.this.args.get("joins") or []
    for each in joins:
        if isinstance(each.this, exp.Table):
            yield each.this, each.side in ("LEFT", "FULL") or empties_left


def _source(database: Database, select: exp.Expr, column: exp.Column) -> tuple[Relation, bool] | None:
    """Return the relation that a column is of, in one level of a query, if that can be told."""
    local = {cte.alias_or_name for cte in select.root().find_all(exp.CTE)}
    found = []
    for table, outer in _tables(select):
        if table.name in local and not table.db:
            continue
        relation = database.relation(table.db, table.name)
        if relation is None:
            continue
        if column.table:
            if column.table == table.alias_or_name:
                return relation, outer
        elif column.name in relation.columns:
            found.append((relation, outer))
    return found[0] if len(found) == 1 else None


# --- Words: what RUN-02 adds to what the server says


def words_unknown(scene: Scene) -> Iterator[Remark]:
    """Find literals that the column that they are compared with, or written to, does not allow."""
    for each in scene.placed:
        if each.parsed is None:
            continue
        for column, literal, level in _compared(each.parsed):
            source = _source(scene.database, level, column)
            if source is not None:
                yield from _unknown(each, source[0], column.name, literal)
        for statement in _within(each, exp.Insert, exp.Update):
            relation = _relation(scene.database, statement.this)
            for name, value in _written(statement):
                if relation is not None and isinstance(value.unnest(), exp.Literal):
                    yield from _unknown(each, relation, name, value.unnest())


def _compared(tree: exp.Expr) -> Iterator[tuple[exp.Column, exp.Expr, exp.Expr]]:
    for part in tree.find_all(exp.EQ, exp.NEQ, exp.In):
        level = part.find_ancestor(exp.Select, exp.Update, exp.Delete)
        if level is None or (part.find_ancestor(exp.Update) is level and part.parent is level):
            continue
        if isinstance(part, exp.In):
            if isinstance(part.this, exp.Column):
                yield from ((part.this, each, level) for each in part.expressions if isinstance(each, exp.Literal))
            continue
        for one, other in ((part.this, part.expression), (part.expression, part.this)):
            if isinstance(one, exp.Column) and isinstance(other, exp.Literal):
                yield one, other, level


def _unknown(each: Placed, relation: Relation, name: str, literal: exp.Expr) -> Iterator[Remark]:
    column: Column | None = relation.columns.get(name)
    if column is None or not column.words or not literal.is_string or _is_filled(each, literal.name):
        return
    if literal.name not in column.words:
        yield remark(
            line_at(each, literal),
            "unknown word",
            f"{relation}.{name} '{literal.name}'",
            f"{relation}.{name} never is '{literal.name}': the database allows {', '.join(column.words)}",
            f"write one of {', '.join(column.words)}",
            policy="RUN-02",
        )


def _is_filled(each: Placed, value: str) -> bool:
    """Tell whether a literal is one that we put in."""
    return f"'{value}'" not in each.written.text


# What words of a scale mean, from the least to the most.
_SCALES = (
    ("low", "normal", "medium", "high", "urgent", "critical"),
    ("trivial", "minor", "moderate", "major", "severe", "critical", "blocker"),
    ("debug", "info", "notice", "warning", "warn", "error", "fatal", "panic"),
    ("none", "some", "many", "all"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("small", "medium", "large"),
)


def sorted_as_text(scene: Scene) -> Iterator[Remark]:
    """Find an ORDER BY of a text whose words sort otherwise than what they mean."""
    for each in scene.placed:
        for ordered in each.parsed.find_all(exp.Ordered) if each.parsed is not None else ():
            level = ordered.find_ancestor(exp.Select)
            if level is None or not isinstance(ordered.this, exp.Column):
                continue
            source = _source(scene.database, level, ordered.this)
            column = source[0].columns.get(ordered.this.name) if source else None
            if source is None or column is None or column.ordered or not column.words:
                continue
            meant = next((s for s in _SCALES if len(column.words) > 1 and set(column.words) <= set(s)), None)
            if meant is None:
                continue
            scale = [word for word in meant if word in column.words]
            if sorted(scale) != scale:
                got = sorted(scale, reverse=bool(ordered.args.get("desc")))
                cases = " ".join(f"when '{word}' then {at}" for at, word in enumerate(scale, 1))
                yield remark(
                    line_at(each, ordered.this),
                    "sorts as text",
                    f"{source[0]}.{ordered.this.name}",
                    f"{ordered.this.name} is a text, and sorts by its letters: {', '.join(got)}",
                    f"order by case {ordered.this.sql(dialect='postgres')} {cases} end",
                    policy="RUN-02",
                )


# --- What all of them use


def _relation(database: Database, table: exp.Expr | None) -> Relation | None:
    if table is None:  # a part of a MERGE
        return None
    found = table if isinstance(table, exp.Table) else table.find(exp.Table)
    return database.relation(found.db, found.name) if found is not None else None


def _within(each: Placed, *kinds: type[exp.Expr]) -> Iterator[exp.Expr]:
    if each.parsed is not None:
        yield from each.parsed.find_all(*kinds)


_LOOKS: Collection[Callable[[Scene], Iterator[Remark]]] = (
    _guards_off,
    _roles_kept,
    _bulk,
    _executed,
    _loses,
    _gaps,
    _locks,
    _unrepeatable,
    _resets,
    _names_published,
    _never_true,
    _callers,
    _blind,
)
