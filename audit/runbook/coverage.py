"""Which block of a runbook asks what a policy asks, so that nobody has to remember to paste it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from audit.policy import Policy
from audit.runbook.results import Outline, Told
from audit.sql_text import NAME, WORD, bare, tokens

MOST = 8

# Names that half of all questions have, and that say nothing of what a question is about.
_COMMON = frozenset(
    [
        "public",
        "auth",
        "pg_catalog",
        "information_schema",
        "extensions",
        "storage",
        "private",
        "pg_class",
        "pg_namespace",
        "pg_attribute",
        "pg_proc",
        "pg_roles",
        "id",
        "name",
        "user_id",
        "created_at",
        "status",
        "schemaname",
        "tablename",
        "relname",
        "count",
        "now",
        "array",
    ]
)
# Words of a chapter's heading that say what it is about.
_STOP = frozenset(
    [
        "issues",
        "issue",
        "and",
        "the",
        "of",
        "a",
        "or",
        "to",
        "in",
        "is",
        "not",
        "can",
        "they",
        "be",
        "should",
        "are",
        "with",
        "for",
        "problems",
        "runbook",
        "user",
        "users",
    ]
)

# What commands and settings in a book stand for among the policies.
_WORDS: Mapping[str, tuple[str, ...]] = {
    r"\bpg_stat_statements\b": ("PERF-01",),
    r"\bn_dead_tup\b": ("PERF-02", "MAINT-01"),
    r"\bidx_scan\b": ("PERF-03",),
    r"\bpg_stat_activity\b": ("MON-02", "MON-03", "MON-04"),
    r"\bpg_(?:total_relation|database|relation)_size\b": ("MON-09",),
    r"\bpg_stat_reset\b": ("MAINT-02",),
    r"(?im)^\s*(?:vacuum|analyze)\b|\bVACUUM\b|\bANALYZE;": ("MAINT-01", "PERF-07"),
    r"\breindex\b": ("PERF-06", "PERF-11", "HELP-03"),
    r"(?i)\bdisable row level security\b": ("RLS-01", "RLS-02"),
    r"\bset role authenticated\b": ("RLS-05", "RLS-08"),
    r"\bautoRefreshToken\b.*\btrue\b": ("CONF-01",),
    r"\bautoRefreshToken\b.*\bfalse\b": ("CONF-02",),
    r"\bsupabase db (?:push|reset)\b": ("MIG-01", "DRIFT-03"),
}


def covered(outline: Outline, texts: Mapping[int, str], policies: Sequence[Policy]) -> Outline:
    """Return the outline with the policies that look after each block; ``texts`` are the blocks', by number."""
    known = {policy.id: policy for policy in policies}
    return replace(
        outline, blocks=tuple(_covered(block, texts.get(block.number, ""), known) for block in outline.blocks)
    )


def _covered(block: Told, text: str, known: Mapping[str, Policy]) -> Told:
    if block.language == "text":
        return block
    found = [
        id_ for pattern, ids in _WORDS.items() if re.search(pattern, text, re.IGNORECASE) for id_ in ids if id_ in known
    ]
    names = _names(text)
    chapter = _chapter(block.headings)
    for id_, policy in known.items():
        if id_.startswith(("RUN-", "MIG-", "DRIFT-", "CONF-", "SETUP-")):
            continue
        asked, about = _asked(policy)
        shared = names & asked
        # The same objects, in a chapter about the same; or something that only this policy names.
        if shared and (about & chapter or any(len(name) > 24 for name in shared)):
            found.append(id_)
    return replace(block, covered=tuple(dict.fromkeys(found))[:MOST])


def _names(text: str) -> frozenset[str]:
    words = {token.name for token in tokens(bare(text)) if token.kind in (WORD, NAME)}
    literals = set(re.findall(r"'([a-z_][a-z0-9_]{5,})'", text))
    return (
        frozenset(word for word in words | literals if "_" in word or word in ("profiles", "conversations", "messages"))
        - _COMMON
    )


@cache
def _asked(policy: Policy) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a policy names in its questions, and what its chapter is about."""
    source = inspect.getsource(inspect.unwrap(policy.function))
    return _names(source.replace('"', " ")), _chapter((policy.runbook,))


def _chapter(headings: Sequence[str]) -> frozenset[str]:
    words = re.findall(r"[a-z]{3,}", " ".join(headings).lower())
    return frozenset(word.removesuffix("s") for word in words if word not in _STOP)
