"""What is no harm to show to everybody, as far as names and types tell, where nobody has declared what is meant.

A page's posts, the names and pictures of people beside them, what a shop sells, who leads a ranking: to show those is
what many projects are for. That everybody reads them is told, as something to decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from audit.names import private_columns

Judging = Callable[[dict[str, Any]], bool]

# Texts that are written to be read, or say what something is; a person's name and picture are among them.
_WRITTEN = re.compile(
    r"(^|_)((\w*name|nom|prenom|nome|nombre|apellido|titre|titulo|titel|title|user|handle|nick|slug|label|tag|avatar|image|photo|picture|logo|icon|cover|thumbnail|banner"
    r"|url|link|website|bio|about|description|summary|excerpt|headline|caption|mention|hashtag|content|body|comment|review|category|type|kind"
    r"|status|state|colou?r|language|locale|country|city|region|currency|emoji|rating|level|rank|badge|visibility"
    r"|time_?zone|unit|format|mime|theme|genre|brand|model|size|version|position|public_key|provider|source)s?)($|_)",
    re.IGNORECASE,
)
# Numbers that count, rank or number something; what people have, earn and owe, where and how they are is their affair.
_COUNTING = re.compile(
    r"(^|_)(id|count|counter|score|point|rank|ranking|rating|star|level|view|like|vote|share|play|download|comment|reply"
    r"|replies|position|order|sort|index|number|num|no|size|width|duration|minute|second|hour|day|month|year|quantity"
    r"|stock|percent|percentage|progress|streak|xp|win|loss|losses|draw|game|member|user|post|item|helped|played)s?($|_)",
    re.IGNORECASE,
)
# Words of whatever type that say something about a person which is not for all.
_HELD_AGAINST = re.compile(
    r"(^|_)(ban|banned|suspen\w*|block\w*|mute[ds]?|strikes?|warned|fraud\w*|debt\w*|died|death|birth\w*|gender|sex"
    r"|religion|pregnan\w*|disab\w*|diagnos\w*|admin)($|_)",
    re.IGNORECASE,
)
# What was written in one of these was written to somebody, or for oneself.
_LETTERS = re.compile(
    r"message|chat|conversation|thread|inbox|mail|letter|note|diary|journal|health|patient|medical|report|ticket|support",
    re.IGNORECASE,
)
# Who writes to whom is told by any column of these.
_BETWEEN_PEOPLE = re.compile(
    r"messages?($|_)|conversation|threads?($|_)|inbox|(^|_)(letter|mail|friend|block|match)|diary|journal|patient",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(r"(^|_)(content|body)(_|$)|^text$", re.IGNORECASE)
# Who likes what, and who follows whom, is what a page shows beside it.
_LIKED = re.compile(r"(^|_)(like|upvote|clap|reaction|follow|follower|following|repost)s?$", re.IGNORECASE)
_PRIVATE = re.compile(private_columns({}), re.IGNORECASE)


def harmless(columns: Iterable[Sequence[str]], relation: str = "", private: Iterable[str] = ()) -> bool:
    """Tell whether nothing private can be seen in ``columns``: [name, category of its type, name of its type].

    Categories are those of pg_type. What neither name nor type explains counts as private.
    """
    found = [*columns]
    if _BETWEEN_PEOPLE.search(relation) or (_only_refers(found) and not _LIKED.search(relation.strip('"'))):
        return False
    return bool(found) and all(_is_harmless(each, relation) and each[0] not in private for each in found)


def _only_refers(columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether rows say no more than who has to do with what and when, as those of loans do: nobody reads that."""
    refers = any(kind == "uuid" and name != "id" for name, _, kind in columns)
    says = any(
        category in "SA" or (category == "N" and not name.endswith("id"))
        for name, category, _ in columns
        if name != "id"
    )
    return len(columns) > 1 and refers and not says


def _is_harmless(column: Sequence[str], relation: str) -> bool:
    name, category, kind = column
    published = _PUBLISHED.search(name) and not _LETTERS.search(relation)
    if (_PRIVATE.search(name) and not published) or _HELD_AGAINST.search(name):
        return False
    if category in "BDTE" or kind in ("uuid", "tsvector", "vector", "halfvec"):
        return True
    if category == "N":
        return bool(_COUNTING.search(name))
    return category in "SA" and (name == "id" or bool(published or _WRITTEN.search(name)))


def rows_may_be_meant(row: Mapping[str, Any]) -> bool:
    """Tell whether what an always true policy lets do may be what its project is for.

    ``row`` has ``command``, ``role``, ``_table``, ``_relation``, ``_check``, ``_columns`` (those that the role reads),
    ``_owned`` (a column names a person), ``_undeclared`` (nobody has declared anything yet), ``_closed`` (nobody signs
    up by themselves) and perhaps ``_for_all``: the policy is for all commands, deleting among them.
    """
    is_staff = row["_closed"] and row["role"] == "authenticated"
    if not row["_undeclared"] or (row.get("_for_all") and not is_staff):
        return False
    if row["command"] == "insert":
        # Storage itself says whose a file is; a policy that names the bucket lets people add files to that.
        is_file = str(row["_relation"]) == "storage.objects"
        return "bucket_id" in str(row["_check"]) if is_file else not row["_owned"]
    return row["command"] == "select" and (is_staff or harmless(row["_columns"], row["_table"]))


def view_shows_no_harm(row: Mapping[str, Any]) -> bool:
    """Tell whether a view that nobody writes through shows nothing private, as far as names and types tell.

    ``row`` has ``_relation`` and ``_columns``, and ``_undeclared``: nobody writes through it, and nothing is declared.
    """
    return row["_undeclared"] and harmless(row["_columns"], row["_relation"])


MEANT = "it looks like what is shown to everybody, or taken from everybody: if it is, declare it in access.toml"


def saying_what_may_be_meant(offends: Judging, meant: Judging) -> Judging:
    """Return the ``where`` of a question that keeps what ``offends``, and says of what may be ``meant`` that it may."""

    def judged(row: dict[str, Any]) -> bool:
        if not offends(row):
            return False
        if meant(row):
            row["may be meant"] = MEANT
        return True

    return judged
