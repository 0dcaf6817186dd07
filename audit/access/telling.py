"""From cells of the matrix to findings: what lets through, or stands in the way, is told once.

Who reached what by it, with which commands, columns and rows, is evidence. The object of a finding is its cause, so
that it stays the same whoever reaches more by it from one run to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from audit.access.ends import DEFAULT
from audit.access.results import API_ACTORS, COMMANDS, Cell, Doubtful, Judged
from audit.causes import Cause
from audit.evidence import Row, Scalar, safe
from audit.people import CAST
from audit.sql_text import quoted

BY_GRANT = "by grant"
BY_GRANT_ON_ALL = "by a grant on the whole table"
UNGUARDED = "row level security is off"

VERBS = {"select": "read", "insert": "add", "update": "change", "delete": "delete", "move": "give away"}
MEMBERS = frozenset(name for name in API_ACTORS if CAST[name].verification == "approved")


@dataclass(frozen=True)
class Deed:
    """What a cell is about: its command, and the column where it is about one."""

    command: str
    column: str = ""

    @classmethod
    def of(cls, cell: Judged) -> Deed:
        """Take a shape apart: "update blind", "select column phone of", "move to another's by column owner of"."""
        words, _, column = cell.shape.partition(" column ")
        return cls(words.split()[0], column.removesuffix(" of"))


def causes(cell: Judged) -> list[Cause]:
    """Return what lets a cell's rows through, or what stands in the way of them; there is one at least."""
    deed, relation = Deed.of(cell), cell.relation
    if cell.policies:
        return [Cause("policy", f"{name} on {relation}", relation) for name in cell.policies]
    if cell.note == UNGUARDED or cell.verdict is Cell.BROKEN:
        return [Cause("table", relation, relation)]
    column = deed.column and cell.note != BY_GRANT_ON_ALL and not cell.shape.startswith("move ")
    command = deed.command if column or not cell.missing else _words(cell)
    return [Cause("grant", f"{command}{f' ({quoted(deed.column)})' if column else ''} on {relation}", relation)]


def _words(cell: Judged) -> str:
    """Return what could not be done, in words: "insert and get back"; a blind write is a write."""
    return cell.shape.removesuffix(" blind").partition(" (")[0].partition(" column ")[0]


def findings(cells: Iterable[Judged]) -> list[Row]:
    """Return a row for each cause, in the order of the cells."""
    found: dict[Cause, list[Judged]] = {}
    given = list(cells)
    unseen = {(cell.actor, cell.relation) for cell in given if cell.missing and cell.shape == "select"}
    for cell in given:
        if not (cell.missing and _follows(cell) and (cell.actor, cell.relation) in unseen):
            for cause in causes(cell):
                found.setdefault(cause, []).append(cell)
    follow = {cause: those for cause, those in found.items() if all(cell.follows for cell in those)}
    return [
        _row(cause, those, _followers(cause, those, follow)) for cause, those in found.items() if cause not in follow
    ]


def _followers(cause: Cause, cells: Sequence[Judged], follow: Mapping[Cause, Sequence[Judged]]) -> str:
    """Say what else leaks because of what a cause lets be read."""
    readers = {cell.actor for cell in cells if cell.shape == "select"}
    return ", ".join(
        other.name
        for other, those in follow.items()
        if any(cause.table in cell.follows and cell.actor in readers for cell in those)
    )


def _follows(cell: Judged) -> bool:
    """Tell whether whoever does not see a row cannot do it for that: change it, remove it, get a new one back."""
    return Deed.of(cell).command in ("update", "delete", "save") or " get back" in cell.shape


def who(actors: Iterable[str]) -> str:
    """Say in words who some actors are: the widest group that they make up."""
    found = set(actors)
    if "anon" in found:
        return "anybody, without signing in,"
    if found & {"pending", "guest", "rejected"} and found & MEMBERS:
        return "whoever signs up"
    if found >= MEMBERS - {"admin"}:
        return "every member"
    if found == {"nobody"}:
        return "a caller who is signed in without an id"
    if found == {"guest"}:
        return "a guest (anonymous sign-in)"
    return " and ".join(sorted(found, key=API_ACTORS.index))


def _sentence(cause: Cause, cells: Sequence[Judged]) -> str:
    """Say in one sentence who can do what because of it."""
    people = who(cell.actor for cell in cells)
    if any(cell.missing for cell in cells):
        deeds = list(dict.fromkeys(_words(cell) for cell in cells))
        return f"{people} cannot {' or '.join(deeds)} rows of {cause.table or cause.name} that are theirs to reach"
    commands = list(dict.fromkeys(Deed.of(cell).command for cell in cells))
    verbs = " and ".join(VERBS.get(each, each) for each in sorted(commands, key=_place))
    columns = list(dict.fromkeys(c for cell in cells if (c := Deed.of(cell).column)))
    what = f"column{'s' if len(columns) > 1 else ''} {', '.join(columns)}" if columns else "rows that are not theirs"
    return f"{people} can {verbs} {what} in {cause.table}"


def _place(command: str) -> int:
    return COMMANDS.index(command) if command in COMMANDS else len(COMMANDS)


def _row(cause: Cause, cells: Sequence[Judged], followers: str) -> Row:
    locked = any(cell.missing for cell in cells)
    worst = max(cells, key=lambda cell: cell.missing if locked else cell.leaked)
    shapes = [cell.shape.removesuffix(" of").replace(" column ", " ") for cell in cells]
    blind = {shape for shape in shapes if shape.endswith(" blind") and shape.removesuffix(" blind") in shapes}
    policies = dict.fromkeys(name for cell in cells for name in cell.policies)
    details: dict[str, Scalar] = {
        "what": _sentence(cause, cells),
        "actors": ", ".join(sorted({cell.actor for cell in cells}, key=API_ACTORS.index)),
        "commands": ", ".join(dict.fromkeys(shape for shape in shapes if shape not in blind)),
        "relation": cause.table,
        "columns": ", ".join(sorted({column for cell in cells if (column := Deed.of(cell).column)})),
        "declared": ", ".join(worst.declared) or "nothing",
        "rows": worst.rows,
        "reached": worst.reached,
        "beyond": worst.leaked,
        "missing": worst.missing,
        "by": cause.kind if worst.policies or not worst.note else worst.note,
        "policies": ", ".join(name for name in policies if f"{name} on {cause.table}" != cause.name),
        "follows": followers,
        "refused_by": ", ".join(dict.fromkeys(cell.refused_by for cell in cells if cell.refused_by and cell.missing)),
    }
    told = {k: safe(v) if isinstance(v, str) else v for k, v in details.items() if v != "" and (k != "missing" or v)}
    texts = {key: safe(str(value)) for key, value in details.items()}
    object_ = cause.name
    return Row(object_, told, {**texts, "object": safe(object_)}, _fix(cause, cells, worst), cause=cause)


def _fix(cause: Cause, cells: Sequence[Judged], worst: Judged) -> str:
    """Return how a cause is mended: advice, since who is let in rightly by the same way is for people to decide."""
    declared = ", ".join(worst.declared) or "nothing"
    head = f"{cause.name}: {_sentence(cause, cells)}."
    if worst.missing and worst.refused_by in ("trigger", "constraint") and worst.note.startswith("nobody can"):
        lines = [
            head,
            f"What is declared ({declared}) cannot be written by anybody: a {worst.refused_by} refuses it.",
            "Let it take what is declared, or correct the declaration in access.toml.",
        ]
    elif worst.missing:
        lines = [
            head,
            f"{worst.missing} of {worst.rows} rows are declared ({declared}) and not reached; refused by "
            f"{worst.refused_by or 'no policy'}.",
            "Grant the command and write a policy for these rows, or correct the declaration in access.toml.",
        ]
    else:
        lines = [
            head,
            f"Declared is {declared}: {worst.leaked} of {worst.rows} rows are beyond it. Correct the declaration if "
            "that is meant.",
            *_closing(cause, cells),
        ]
    return "\n".join(f"-- {safe(line)}" for line in lines)


def _closing(cause: Cause, cells: Sequence[Judged]) -> list[str]:
    """Say how a leak is closed without taking away more; who of the others is let in rightly is for people to know."""
    roles = ", ".join(dict.fromkeys(CAST[cell.actor].role for cell in cells))
    commands = list(dict.fromkeys(Deed.of(cell).command for cell in cells if not cell.shape.startswith("move ")))
    moved = [cell for cell in cells if cell.shape.startswith("move ")]
    lines: list[str] = []
    if cause.kind == "table":
        return [
            "Row level security is off: see that the policies let in everybody who is declared, or write them.",
            f"Only then: alter table {cause.table} enable row level security.",
        ]
    if moved:
        column = ", ".join(sorted({Deed.of(cell).column for cell in moved}))
        lines += [
            f"Whose row it is ({column}) can be changed by whoever may change the row. Let WITH CHECK ask of the new",
            "row what USING asks of the old one, or let a trigger keep the column.",
            f"If rows are meant to be given away, declare it: moves = {{ {moved[0].actor} = [...] }}.",
        ]
    if cause.kind == "policy" and commands:
        doing = commands[0] if len(commands) == 1 else "all"
        lines += [
            f"{cause.name.removesuffix(f' on {cause.table}')} lets it through. Alter its condition, or add a",
            f"restrictive policy, which holds whatever else is there: create policy ... on {cause.table}",
            f"as restrictive for {doing} to {roles} using (...). To drop the policy locks out those as well whom it "
            "lets in rightly.",
        ]
    elif columns := sorted({column for cell in cells if (column := Deed.of(cell).column) and cell not in moved}):
        names = ", ".join(sql.Identifier(column).as_string(None) for column in columns)
        lines += [
            f"A privilege on the whole table covers every column, and one on {names} everybody of the role.",
            f"If none of {roles} may {commands[0]} it: revoke {commands[0]} on the table, and grant the other columns",
            "again to those that had them. If some may, such as the row's owner, give them a function or a view, or",
            "let a trigger keep it from the others. What asks for all columns (select *) fails then.",
        ]
    elif not lines:
        lines += [
            f"The grant alone lets it through: {' and '.join(commands)} on {cause.table} for {roles}. See who of them",
            "is let in rightly before it is revoked, and what looks at it with their rights: policies, views and",
            "functions.",
        ]
    return lines


def doubt_rows(found: Iterable[Doubtful]) -> list[Row]:
    """Return the findings of what looks like a hole: of a function that overlooks the row, one for all policies."""
    given = list(found)
    blind: dict[str, list[Doubtful]] = {}
    for each in given:
        for function in each.kept_by if each.kind == "overlooked" else ():
            blind.setdefault(function, []).append(each)
    rows = [_overlooking_row(function, those) for function, those in blind.items()]
    outlived: dict[tuple[str, tuple[str, ...]], list[Doubtful]] = {}
    for each in given:
        if each.kind == "ended":
            outlived.setdefault((each.function or f"{each.policy} on {each.relation}", each.columns), []).append(each)
    rows += [_outlived_row(name, those) for (name, _), those in outlived.items()]
    rows += [_code_row(each) for each in given if each.kind in ("late", "twice")]
    return rows + [doubt_row(each) for each in given if each.kind not in ("overlooked", "ended", "late", "twice")]


def _code_row(found: Doubtful) -> Row:
    """Return the finding of a function that takes a code which has ended, or was used."""
    (ended,) = found.columns
    others = " and ".join(found.kept_by)
    known = "lies ahead by default" if others == DEFAULT else f"{others} asks for"
    if found.kind == "twice":
        what = f"a code of {found.relation} can be used by one after the other: nobody asks whether {ended} is empty"
        known = f"which {others} asks for"
    else:
        what = f"whoever has a code of {found.relation} still gets in by it when {ended} is past"
        known = f"which {known}"
    details: dict[str, Scalar] = {
        "what": f"{what}, {known}",
        "relation": found.relation,
        "columns": ended,
        "kept_by": others,
    }
    told = {key: safe(value) if isinstance(value, str) else value for key, value in details.items()}
    advice = [
        f"{found.function}: {what}, {known}.",
        f"Let it look for {ended} where it looks for the code, and take none that has ended.",
    ]
    fix = "\n".join(f"-- {safe(line)}" for line in advice)
    return Row(found.function, told, {"object": safe(found.function)}, fix, cause=_function(found.function))


def _outlived_row(name: str, those: Sequence[Doubtful]) -> Row:
    """Return the finding of a policy, or of a function that policies ask, which lets people in by what has ended."""
    first = those[0]
    policies = dict.fromkeys(f"{each.policy} on {each.relation}" for each in those)
    actors = sorted({actor for each in those for actor in each.actors}, key=API_ACTORS.index)
    commands = sorted({command for each in those for command in each.commands}, key=COMMANDS.index)
    relations = ", ".join(dict.fromkeys(each.relation for each in those))
    (ended,) = first.columns
    kept_by = " and ".join(dict.fromkeys(other for each in those for other in each.kept_by if other not in policies))
    known = "which lies ahead by default" if kept_by == DEFAULT else f"which {kept_by} asks for"
    verbs = " and ".join(VERBS[each] for each in commands)
    what = f"{who(actors)} can {verbs} rows of {relations} by a row whose {ended} is past, {known}"
    details: dict[str, Scalar] = {
        "what": what,
        "actors": ", ".join(actors),
        "commands": ", ".join(commands),
        "relation": relations,
        "columns": ended,
        "kept_by": kept_by,
        "policies": ", ".join(policies) if first.function else "",
        "beyond": max(each.rows for each in those),
    }
    advice = [
        f"{name}: {what}.",
        f"Let it ask, where it looks for the row, whether {ended} is empty or lies ahead. If a row that has ended is",
        "to let people in still, declare the tables in access.toml.",
    ]
    told = {key: safe(value) if isinstance(value, str) else value for key, value in details.items() if value != ""}
    fix = "\n".join(f"-- {safe(line)}" for line in advice)
    cause = _function(name) if first.function else Cause("policy", name, first.relation)
    return Row(name, told, {"object": safe(name)}, fix, cause=cause)


def _overlooking_row(function: str, those: Sequence[Doubtful]) -> Row:
    """Return the finding of a function that policies ask about the row, and that does not look at it."""
    columns = ", ".join(dict.fromkeys(f"{each.relation}.{name}" for each in those for name in each.columns))
    actors = sorted({actor for each in those for actor in each.actors}, key=API_ACTORS.index)
    commands = sorted({command for each in those for command in each.commands}, key=COMMANDS.index)
    relations = ", ".join(dict.fromkeys(each.relation for each in those))
    verbs = " and ".join(VERBS[each] for each in commands)
    what = f"{who(actors)} can {verbs} rows of {relations} whatever {columns} is: {function} does not look at it"
    details: dict[str, Scalar] = {
        "what": what,
        "actors": ", ".join(actors),
        "commands": ", ".join(commands),
        "relation": relations,
        "columns": columns,
        "policies": ", ".join(dict.fromkeys(f"{each.policy} on {each.relation}" for each in those)),
        "beyond": max(each.rows for each in those),
    }
    advice = [
        f"{function}: {what}.",
        f"Let it compare {columns} with what it looks up about the caller. If that is meant, do not give it to the",
        "function, or declare the tables in access.toml by what they go by.",
    ]
    told = {key: safe(value) if isinstance(value, str) else value for key, value in details.items()}
    fix = "\n".join(f"-- {safe(line)}" for line in advice)
    return Row(function, told, {"object": safe(function)}, fix, cause=_function(function))


def doubt_row(found: Doubtful) -> Row:
    """Return the finding of what looks like a hole in a table that nobody has declared."""
    people = who(found.actors)
    columns = ", ".join(found.columns)
    keeping = " and ".join(found.kept_by)
    if found.kind == "tenants":
        verbs = " and ".join(VERBS[each] for each in found.commands)
        what = (
            f"{people} can {verbs} rows of {found.relation} whose {columns} is none of theirs, which {keeping} respects"
        )
        advice = [
            f"Let the policy ask of the row's {columns} what {keeping} asks of it.",
            "If everybody who belongs to anything is meant, declare the table in access.toml.",
        ]
    elif found.kind == "states":
        what = f"{people} can read rows of {found.relation} though {columns} says none of what {keeping} asks for"
        advice = [
            f"Let the policy ask of {columns} what {keeping} asks of it: whoever is only invited, or was suspended,",
            "is no member. If all of them are meant, declare the table in access.toml.",
        ]
    elif found.kind == "open":
        what = f"{people} can read rows of {found.relation} that are not theirs: {found.policy} asks nobody"
        advice = [
            f"{keeping} shows people what is theirs, and policies are joined by OR. If the policy was to narrow that,",
            "create it anew as restrictive; else let it ask who calls. If everybody is to read these rows, declare the",
            "table in access.toml.",
        ]
    elif found.kind == "vain":
        what = f"{people} can read every row of {found.relation}, since {keeping} lets everybody through"
        advice = [
            f"{keeping} is asked about {columns} and the caller, and is true whoever asks. Let its answer hang on rows",
            "of the caller's: exists (select x in (select ...)) is true even of an empty list. If everybody is to read",
            "these rows, declare the table in access.toml.",
        ]
    elif found.kind == "removed":
        what = f"{people} can delete rows of {found.relation} since they may read them: {keeping} asks for {columns}"
        advice = [
            f"Let the policy ask for {columns} as {keeping} does, or for whoever looks after the rows.",
            "If whoever reads them is to remove them, declare the table in access.toml.",
        ]
    elif found.kind == "ranks":
        what = f"{people} can delete rows of {found.relation} that they could not write: for that {keeping} asks a rank"
        advice = [
            "The policy is for all commands, and deleting asks what USING says, and not WITH CHECK. Make it two: one",
            "for select with what USING says, and one for all that says in USING, too, who writes.",
            "If whoever reads these rows is to remove them, declare the table in access.toml.",
        ]
    elif found.kind == "names":
        what = f"{people} can put rows into {found.relation} in another's name ({columns})"
        advice = [
            f"Let the policy ask that {columns} is the caller: {columns} = (select auth.uid()).",
            "If people write for others there, declare the table in access.toml.",
        ]
    elif found.kind == "channels":
        verbs = " and ".join({"select": "listen", "insert": "speak"}.get(each, each) for each in found.commands)
        what = f"{people} can {verbs} in every channel like {keeping}, whether it is theirs or not"
        advice = [
            "Let the policy compare the topic with what the caller belongs to: 'room:' || room_id = realtime.topic().",
            "If these channels are for all, declare them in access.toml.",
        ]
    elif found.kind == "guests":
        verbs = " and ".join(VERBS[each] for each in found.commands)
        what = f"{people} can {verbs} rows of {found.relation} as a member does, where {keeping} refuses guests"
        advice = [
            f"Let the policy ask who is a guest, as {keeping} does, or create one that does for all as restrictive.",
            "If guests are meant, declare the table in access.toml.",
        ]
    elif found.kind == "persons":
        what = f"{people} can read {columns} of persons in {found.relation}"
        advice = [
            f"Take {columns} from the grants for reading, or keep it in a table of its own that is for those who are",
            "to know it. If everybody is to, declare the table in access.toml.",
        ]
    else:
        what = f"{people} can read {columns} of rows of {found.relation} that are not theirs"
        advice = [
            f"Whoever reads {columns} gets in. Keep the rows to whose they are, take the column from the grants for",
            "reading, or keep it in a table of its own and let a function look it up. If it is no secret, declare the",
            "table in access.toml.",
        ]
    details: dict[str, Scalar] = {
        "what": what,
        "actors": ", ".join(found.actors),
        "commands": ", ".join(found.commands),
        "relation": found.relation,
        "columns": columns,
        "kept_by": ", ".join(found.kept_by),
        "beyond": found.rows,
    }
    name = f"{found.policy} on {found.relation}"
    cause = Cause("policy", name, found.relation)
    told = {key: safe(value) if isinstance(value, str) else value for key, value in details.items()}
    fix = "\n".join(f"-- {safe(line)}" for line in [f"{name}: {what}.", *advice])
    return Row(name, told, {"object": safe(name)}, fix, cause=cause)


def missing_calls(found: Iterable[tuple[str, str, bool, str]]) -> list[Row]:
    """Return the functions that roles may not call though they are declared for it: (function, role, may, fix)."""
    roles: dict[str, list[str]] = {}
    fixes: dict[str, list[str]] = {}
    for name, role, may, fix in found:
        if not may:
            roles.setdefault(name, []).append(role)
            fixes.setdefault(name, []).append(fix)
    return [
        Row(safe(name), _called(those), {"object": name}, "\n".join(dict.fromkeys(fixes[name])), cause=_function(name))
        for name, those in roles.items()
    ]


def _called(roles: Sequence[str]) -> Mapping[str, Scalar]:
    return {"what": f"{' and '.join(roles)} cannot call it, though it is declared for them", "roles": ", ".join(roles)}


def _function(name: str) -> Cause:
    return Cause("function", name)
