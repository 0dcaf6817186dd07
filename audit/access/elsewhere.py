"""Policies that hang on the place, on the clock or on chance: what people reach by them elsewhere was not tried.

The matrix sees what a condition says here and now. Of one that asks who called it, how often, in which session, or what
time it is, that says nothing of the real server. What the catalogue says, and what a row is compared with, is the same
there (:mod:`audit.surroundings`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from audit.access.rules import Rule
from audit.catalog.calls import Calls
from audit.question import Cursor
from audit.surroundings import decided_later

_READ = ("sql", "plpgsql")
# What is said of a rule that hangs on the place or the clock.
NOT_TRIED = "whom it lets in elsewhere, or at another time, is not known"

# The function that the API calls before each request, as its role's settings name it:
# https://docs.postgrest.org/en/stable/references/transactions.html#pre-request
_PRE_REQUEST = """
select distinct pg_catalog.split_part(setting, '=', 2)
from pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) as setting
where setting like 'pgrst.db_pre_request=%' and s.setdatabase in (
    0, (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()))
order by 1
"""
_BECOMES = re.compile(
    r"\bset_config\s*\(\s*'(?:role|session_authorization|request\.jwt)"
    r"|\bset\s+(?:local\s+|session\s+)?(?:role\b|authorization\b|\"?request\.jwt)|\bpg_settings\b",
    re.IGNORECASE,
)


def decided_elsewhere(
    relations: Sequence[str], rules: Mapping[str, Sequence[Rule]], calls: Calls, platform: Sequence[str]
) -> Iterator[str]:
    """Yield what is not known of the policies of some tables, which lead to what ``calls`` knows.

    What functions in the schemas of the ``platform`` do, and those of extensions, nobody has to doubt.
    """
    for relation in relations:
        for rule in rules.get(relation, ()):
            texts = [text for text in (rule.using, rule.check) if text]
            found = {said: None for text in texts for said in decided_later(text, is_condition=True)}
            for called in sorted(calls.led_to(texts), key=lambda each: (each.schema, each.name, each.text)):
                if called.name and called.language in _READ and not called.brought and called.schema not in platform:
                    found |= dict.fromkeys(decided_later(called.text, is_condition=True))
            if found:
                hangs = f"{rule.name} on {relation} decides by {', '.join(found)}"
                yield f"{hangs}: {NOT_TRIED}"


def decided_before(cursor: Cursor, calls: Calls) -> Iterator[str]:
    """Yield what is not known because of a function that is called before each request, and sets who asks.

    Raises psycopg.Error when the settings cannot be read.
    """
    for (name,) in cursor.execute(_PRE_REQUEST).fetchall():
        schema, _, function = name.replace('"', "").rpartition(".")
        reached = calls.led_to([f"{schema or 'public'}.{function}()"])
        if any(each.name and _BECOMES.search(each.text) for each in reached):
            yield f"{name} is called before each request (pgrst.db_pre_request) and sets who asks, which was not tried"
