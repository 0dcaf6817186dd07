"""What functions do, all that they call included: whether they ask who is calling, and whether they touch anything."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
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


class Functions(Calls):
    """The functions and views of a database, and what each of them does; what extensions bring does neither."""

    def asks_who_calls(self, oid: int, kind: str = "function") -> bool:
        """Tell whether a function (or view), or what it calls or looks at, reads who is calling."""
        return any(map(self._asks, self.reached(oid, kind)))

    def asks_for_a_secret(self, oid: int, arguments: Collection[str], doors: Iterable[Sequence[Any]] = ()) -> bool:
        """Tell whether a function compares something with an argument that only some know: an invitation's token.

        Whoever has been given the link is meant then, and it need not ask who that is. Arguments count by their names,
        or because a column is compared with them that is filled at random and lets in whoever knows what it holds;
        ``doors`` are columns: table, name, default, and whether it is the key.
        """
        own = self.known.get(("function", oid))
        if own is None or not arguments:
            return False
        named = "|".join(re.escape(name) for name in arguments if name)
        columns = {
            re.escape(name)
            for table, name, default, key in doors
            if RANDOM.search(default) and lets_in(table, name, default, key=key)
        }
        given = rf"(?:\w+\.)?(?:{named})\b"
        by_column = rf"\b(?:{'|'.join(columns)})\s*=\s*{given}|\b{given}\s*=\s*(?:\w+\.)?(?:{'|'.join(columns)})\b"
        if named and columns and re.search(by_column, own.plain, re.IGNORECASE):
            return True
        secrets = [re.escape(name) for name in arguments if _KNOWN_TO_HOLDERS.fullmatch(name)]
        secret = rf"\b(?:{'|'.join(secrets)})\b"
        return bool(secrets) and bool(
            re.search(rf"[\w\")]\s*=\s*[\w.(\s]*{secret}|{secret}[\s)]*=\s*[\w\"(]", own.plain, re.IGNORECASE)
        )

    def touches(self, oid: int, public: Collection[str] = ()) -> bool:
        """Tell whether a function, or what it calls, can read or change anything at all.

        Reading ``public`` relations ("schema.name") does not count. What is not known here counts.
        """
        own = self.known.get(("function", oid))
        if own is None or own.brought:
            return True
        return any(self._touches(source, public) for source in self.reached(oid))

    def writes(self, oid: int) -> bool:
        """Tell whether a function, or what it calls, may change anything; what is not known here may."""
        own = self.known.get(("function", oid))
        return own is None or any(each.mentions.writes or each.mentions.effective for each in self.reached(oid))

    def serves_whoever_calls(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a function serves everybody without asking who calls.

        ``row`` has ``_oid``, ``_arguments`` (their names), ``_doors`` (columns that may be codes), ``_public``
        (relations for everybody), ``_exposed`` (the API serves it), ``_functions`` and ``_views`` (what the API serves
        that may hand it out), and ``_yes_or_no`` (it answers a policy with that).
        """
        oid = row["_oid"]
        if row["_yes_or_no"] and not self.writes(oid):
            return False
        if self.asks_who_calls(oid) or self.asks_for_a_secret(oid, row["_arguments"], row["_doors"]):
            return False
        if not self.touches(oid, row["_public"]):
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

    def _touches(self, source: Source, public: Collection[str]) -> bool:
        if source.brought:
            return False
        mentions = source.mentions
        found = {f"{schema}.{name}" for schema, name in self.looks_at([source])}
        return mentions.effective or bool(found if mentions.writes else found - set(public))

    def _asks(self, source: Source) -> bool:
        if source.brought:
            return False
        return source.mentions.asks or any(
            (schema or "auth", name) in IDENTITY and (schema is not None or on_path("auth", source.path))
            for schema, name in source.mentions.calls
        )
