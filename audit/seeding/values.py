"""Plausible values for columns of any type.

A value is made for a row's number, and always the same for the same place and number. Private texts contain a token
that occurs nowhere else. All that is made belongs to nobody: example.org, area code 555, addresses for documentation.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from audit.names import AHEAD, ALWAYS_SET
from audit.seeding.patterns import UnsupportedPatternError, matching
from audit.seeding.rules import Hints
from audit.seeding.tables import Catalogue, Column, Type

Make = Callable[[int], str | None]


@dataclass(frozen=True)
class Value:
    """What makes a column's text for row ``n``; ``kind`` is what predicates may tell apart ('' means nothing)."""

    make: Make
    kind: str = ""

    @classmethod
    def always(cls, text: str | None, kind: str | None = None) -> Value:
        """Return the value that is the same for each row."""
        return cls(lambda _: text, ("null" if text is None else text) if kind is None else kind)


NULL = Value.always(None)


class UnknownTypeError(ValueError):
    """No value of this type is known; the message is the type's name."""


def token(place: str, number: int) -> str:
    """Return eleven characters, a letter first, that only this place and number have."""
    return "c" + blake2b(f"{place} {number}".encode(), digest_size=5).hexdigest()


def digits(place: str, number: int, length: int) -> str:
    """Return decimal digits that hardly another place and number have."""
    return str(int.from_bytes(blake2b(f"{place} {number}".encode(), digest_size=8).digest()))[-length:].zfill(length)


def made_up_uuid(place: str, number: int) -> str:
    """Return a UUID of version 4."""
    digest = blake2b(f"{place} {number}".encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"


# What values there are

_DAY = dt.timedelta(days=1)
# Name, days from now: what a date may be.
_MOMENTS = (("past", -1), ("past", -30), ("past", -60), ("future", 10), ("future", 40))
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NOW = re.compile(
    r"\(?'?(now|current_timestamp|current_date|statement_timestamp|transaction_timestamp)\b", re.IGNORECASE
)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TEXT_TYPES = ("text", "varchar", "bpchar", "citext", "name", "char")
_BIGGEST = {"int2": 30_000, "int4": 2_000_000_000, "int8": 9_000_000_000_000_000, "oid": 4_000_000_000}

# So many elements has a list, so that one of which only the beginning is left can be told from the whole.
ELEMENTS = 3

# By type's name, as formats of the row's number and the token. Addresses are reserved for documentation (RFC 5737).
_SIMPLE: dict[str, Callable[[int, str], str]] = {
    "bool": lambda n, _: "true" if n % 2 else "false",
    "inet": lambda n, _: f"192.0.2.{n % 250 + 1}",
    "cidr": lambda n, _: f"192.0.2.{n % 250 + 1}/32",
    "macaddr": lambda n, _: f"02:00:00:00:{n // 256 % 256:02x}:{n % 256:02x}",
    "macaddr8": lambda n, _: f"02:00:00:00:00:00:{n // 256 % 256:02x}:{n % 256:02x}",
    "interval": lambda n, _: f"{n + 1} hours",
    "time": lambda n, _: f"{8 + n % 12:02}:{n * 7 % 60:02}:00",
    "timetz": lambda n, _: f"{8 + n % 12:02}:{n * 7 % 60:02}:00+00",
    "money": lambda n, _: f"{n + 1}.50",
    "json": lambda _, t: json.dumps({"note": t}),
    "jsonb": lambda _, t: json.dumps({"note": t}),
    "bytea": lambda _, t: rf"\x{t.encode().hex()}",
    "xml": lambda _, t: f"<note>{t}</note>",
    "tsvector": lambda _, t: f"'made' {t}",
    "tsquery": lambda _, t: t,
    "point": lambda n, _: f"({n},{n + 1})",
    "line": lambda n, _: f"{{1,-1,{n}}}",
    "lseg": lambda n, _: f"[(0,0),({n + 1},1)]",
    "box": lambda n, _: f"({n + 1},1),({n},0)",
    "path": lambda n, _: f"((0,0),({n + 1},1))",
    "polygon": lambda n, _: f"((0,0),({n + 1},0),(0,1))",
    "circle": lambda n, _: f"<(0,0),{n + 1}>",
    "varbit": lambda n, _: f"{n % 256:08b}",
    "hstore": lambda _, t: f'"note"=>"{t}"',
    "ltree": lambda _, t: f"made.{t}",
    "geometry": lambda n, _: f"POINT({n % 90} 1)",
    "geography": lambda n, _: f"POINT({n % 90} 1)",
    "pg_lsn": lambda n, _: f"0/{n + 1:X}",
    "jsonpath": lambda _n, _t: "$.note",
    "regclass": lambda _n, _t: "pg_catalog.pg_class",
}


@dataclass(frozen=True)
class Source:
    """Makes the values of one column: ``place`` says which, ``number_from`` where running numbers begin."""

    catalogue: Catalogue
    column: Column
    place: str
    now: dt.datetime
    number_from: int = 1

    @property
    def type(self) -> Type:
        """The type below the domains."""
        return self.catalogue.plain(self.column.type, self.column.modifier)[0]

    @property
    def modifier(self) -> int:
        """The type's modifier, -1 where there is none."""
        return self.catalogue.plain(self.column.type, self.column.modifier)[1]

    @property
    def required(self) -> bool:
        """Whether NULL is out of the question."""
        return self.column.required or any(domain.required for domain in self.catalogue.domains(self.column.type))

    @property
    def limit(self) -> int | None:
        """How many characters fit (None: any number)."""
        if self.type.name in ("varchar", "bpchar"):
            return self.modifier - 4 if self.modifier >= 4 else (1 if self.type.name == "bpchar" else None)
        return {"char": 1, "name": 63}.get(self.type.name)

    @property
    def is_unique(self) -> bool:
        """Whether the plain values of two rows can be taken to differ."""
        return self.type.name in ("uuid", "int4", "int8") or (self.type.name in _TEXT_TYPES and self.limit is None)

    def values(self, asked: Hints | None, ruled: Hints | None = None) -> list[Value]:
        """Return the values to choose from, with a NULL where one is allowed and tells something.

        ``asked`` is what constraints say about the column (None: there are none), ``ruled`` what rules compare it with:
        each of those values is there. Raises UnknownTypeError.
        """
        known, hint, rule = asked is not None or ruled is not None, asked or Hints(), ruled or Hints()
        nullable = not self.required
        if self.type.kind == "e":
            return [Value.always(label) for label in self.type.labels] + [NULL] * nullable
        if self.type.name == "bool":
            return [Value.always("false"), Value.always("true")] + [NULL] * (nullable and ruled is not None)
        if self.type.name in ("time", "timetz"):
            return [Value.always(f"{hour:02}:30:00", "") for hour in (9, 6, 13, 17, 22)] + [NULL] * nullable
        if self.type.category == "D":
            return self._times(hint, rule, nullable, checked=known)
        found: list[Value]
        if self.type.name in _TEXT_TYPES:
            found = self._texts(hint, rule)
        elif self.type.category == "N" and self.type.name != "money":
            found = [*self._numbers(hint, checked=asked is not None), *self._bounds(rule)]
        elif self.type.name in ("json", "jsonb"):
            found = self._documents(hint, rule)
        elif self.type.category == "A" and known:
            found = self._arrays(hint, rule)
        elif self.type.name == "uuid":
            named = (text for text in (*rule.words, *rule.values) if _UUID.fullmatch(text))
            found = [self.fresh(), *map(Value.always, named)]
        elif self.type.name == "bytea" and hint.lengths:
            found = [self.fresh(), *(Value(self._bytes(length)) for length in _around(hint.lengths))]
        else:
            found = [self.fresh()]
        return found + [NULL] * nullable if known else found

    def fresh(self) -> Value:
        """Return the plain value of the type, another one for each row. Raises UnknownTypeError."""
        self.encode(self.type, 0, self.modifier)
        return Value(lambda n: self.encode(self.type, n, self.modifier))

    def encode(self, kind: Type, n: int, modifier: int = -1) -> str:
        """Write a value of a type as PostgreSQL reads it. Raises UnknownTypeError."""
        if kind.kind == "d":
            base, modifier = self.catalogue.plain(kind.oid, modifier)
            return self.encode(base, n, modifier)
        if kind.name in _TEXT_TYPES:
            return self._fit(self.phrase(n))
        if kind.name == "uuid":
            return made_up_uuid(self.place, n)
        if kind.kind == "e" and kind.labels:
            return kind.labels[n % len(kind.labels)]
        if kind.name in _SIMPLE:
            return _SIMPLE[kind.name](n, token(self.place, n))
        if kind.category == "N":
            return self._number(n + self.number_from)
        if kind.category == "D":
            return self._moment(kind, -1, n)
        if kind.name == "bit":
            return f"{n:b}"[-max(modifier, 1) :].zfill(max(modifier, 1))
        if kind.name in ("vector", "halfvec"):
            return "[" + ",".join([f"{n + 1}"] + ["0"] * (max(modifier, 1) - 1)) + "]"
        return self._compound(kind, n, modifier)

    def _compound(self, kind: Type, n: int, modifier: int) -> str:
        element = self.catalogue.types.get(kind.element)
        if kind.kind == "c":
            fields = [self.encode(self.catalogue.types[oid], n) for oid in kind.fields]
            return f"({','.join(map(_quoted, fields))})"
        if element is None:
            raise UnknownTypeError(kind.name)
        if kind.kind == "m":
            return f"{{{self.encode(element, n)}}}"
        if kind.kind == "r":
            return f"[{self._bound(element, 2 * n)},{self._bound(element, 2 * n + 1)})"
        return self._several(element, n, ELEMENTS, modifier)

    def _several(self, element: Type, n: int, count: int, modifier: int = -1) -> str:
        return "{" + ",".join(_quoted(self.encode(element, n * 7 + i, modifier)) for i in range(count)) + "}"

    def _bound(self, element: Type, n: int) -> str:
        """Return ascending values, so that ranges are neither empty nor overlap."""
        return self._moment(element, 1 + n, 0) if element.category == "D" else self._number(10 * n + 10)

    def phrase(self, n: int) -> str:
        """Return a text that fits the column's name and holds the token."""
        name, mark = self.column.name.lower(), token(self.place, n)
        if "mail" in name:
            return f"{mark}@example.org"
        if "phone" in name or name in ("mobile", "tel", "telephone", "fax"):
            return f"+1555{digits(self.place, n, 10)}"
        if re.search(r"(^|_)(time_?zone|tz)$", name):
            return "UTC"  # functions count on it to be one
        if re.search(r"url|link|website|avatar|image|photo|webhook|endpoint", name):
            return f"https://example.org/{mark}"
        if re.search(r"slug|handle|username|code|token|key|hash|secret|path|sku", name):
            return mark
        plain = re.sub(r"\W+|_+", " ", self.column.name).strip().capitalize()[:40] or "Text"
        return f"{plain} {mark}"

    def _fit(self, text: str) -> str:
        return text if self.limit is None or len(text) <= self.limit else text[-self.limit :]

    def _bytes(self, length: int) -> Make:
        return lambda n: r"\x" + (token(self.place, n) * (length // 11 + 1))[:length].encode().hex()

    def _times(self, hint: Hints, rule: Hints, nullable: bool, *, checked: bool) -> list[Value]:
        """Return moments before and after now where that may matter, and those that conditions name."""
        said = (*hint.words, *hint.values, *rule.words, *rule.values)
        literals = [text for text in said if re.match(r"\d{4}-\d\d-\d\d", text)]
        name = self.column.name
        unchecked = (_MOMENTS[0], _MOMENTS[3]) if AHEAD.search(name) else _MOMENTS[:1]
        moments: tuple[tuple[str, int], ...] = _MOMENTS if checked else unchecked
        # When a row was made, or the like, is past whatever else it is compared with.
        asked = bool(rule.ages or hint.ages or literals) or AHEAD.search(name)
        if not asked and _NOW.match(self.column.default or ""):
            moments = tuple(moment for moment in moments if moment[0] == "past")
        found = [
            Value(lambda n, days=days: self._moment(self.type, days, n), kind)  # type: ignore[misc]
            for kind, days in moments
        ]
        # On both sides of a moment that rules count from now, near it and farther.
        for age in {age for age in rule.ages if age}:
            for kind, days in (("within", -age / _DAY / 2), ("beyond", -2 * age / _DAY)):
                found.append(Value(lambda n, days=days: self._moment(self.type, days, n), f"{kind} {age}"))  # type: ignore[misc]
        for text in literals:
            found += [Value.always(text, text[:10]), Value(lambda n, text=text: _later(text, n), text[:10])]  # type: ignore[misc]
        return found + [NULL] * (nullable and (rule.nothing or not ALWAYS_SET.search(name)))

    def _moment(self, kind: Type, days: float, n: int) -> str:
        """Write the moment some days from now, and for each row a little farther from it."""
        away = days + (n % 20 if days > 0 else -(n % 20)) if kind.name == "date" and days == int(days) else days
        minutes = min(n, 1 + int(abs(days) * 1440 / 4))
        moment = self.now + away * _DAY + dt.timedelta(minutes=minutes if days > 0 else -minutes)
        if kind.name == "date":
            return moment.date().isoformat()
        return moment.replace(tzinfo=None).isoformat() + ("+00" if kind.name in ("timestamptz", "tstzrange") else "")

    def _number(self, number: int) -> str:
        """Write a number, made small enough for the type."""
        if self.type.name == "numeric" and self.modifier >= 4:
            precision, scale = (self.modifier - 4) >> 16, (self.modifier - 4) & 0x7FF
            scale = scale - 2048 if scale > 1023 else scale
            return str(number % 10 ** min(precision - scale, 9)) if precision > scale else "0"
        return str(number % _BIGGEST.get(self.type.name, 2_000_000_000))

    def _numbers(self, hint: Hints, *, checked: bool) -> list[Value]:
        found = [self.fresh()]
        is_running = bool(self.column.identity or self.column.sequence)
        if checked and not is_running:
            found += [Value(lambda n: self._number(n + 100)), *(Value.always(text, "") for text in ("0", "1", "10"))]
        known = [text for text in (*hint.words, *hint.values) if _NUMBER.fullmatch(text)]
        if known and set(known) == set(hint.words):
            return [Value.always(text) for text in known] + found
        for text in known:
            whole = int(float(text))
            found += [Value.always(near, "") for near in (text, str(whole + 1), str(whole - 1))]
            found.append(Value(lambda n, least=whole: str(least + n)))  # type: ignore[misc]
        if known and (low := min(map(float, known))) < (high := max(map(float, known))):
            steps = max(int(high - low), 1)
            found.append(Value(lambda n: str(int(low) + n % steps)))
            found.append(Value.always(str((low + high) / 2), ""))
        return found

    def _bounds(self, rule: Hints) -> list[Value]:
        """Return the numbers that rules compare with, and those on both sides of them."""
        if self.column.identity or self.column.sequence:
            return []
        bounds = sorted({int(float(text)) for text in (*rule.words, *rule.values) if _NUMBER.fullmatch(text)})
        near = sorted({number for bound in bounds[:6] for number in (bound - 1, bound, bound + 1)})
        fractional = self.type.name in ("numeric", "float4", "float8")
        exact = [text for text in (*rule.words, *rule.values) if fractional and re.fullmatch(r"-?\d+\.\d+", text)]
        return [*map(Value.always, exact)] + [
            Value.always(str(number)) for number in near if number >= 0 or number + 1 in bounds
        ]

    def _texts(self, hint: Hints, rule: Hints) -> list[Value]:
        """Return the words that are asked for, if any, else texts: the plain one first, then ever odder ones."""
        listed = [
            Value.always(word) for word in dict.fromkeys(hint.words) if self.limit is None or len(word) <= self.limit
        ]
        if listed and not hint.values and not hint.patterns:
            return listed
        asked = [Value.always(self._fit(word)) for word in dict.fromkeys((*rule.words, *rule.values))]
        lengths = [length for length in _around(rule.lengths) if length < 1_000]
        asked += [Value(self._of_length(length), f"length {length}") for length in lengths]
        asked += [Value(make, f"like {text}") for text in rule.patterns for make in self._of_pattern(text)]
        asked += [Value(self._alike(like), f"like {like}") for like in rule.likes]
        plain = [Value(lambda n: self._fit(self.phrase(n)), "" if not asked else "other")]
        if not (hint.values or hint.patterns or hint.lengths or hint.likes):
            return [*asked, *plain]
        shaped = [Value(self._of_length(length)) for length in _around(hint.lengths) if length <= 100_000]
        shaped += [Value(make) for pattern in hint.patterns for make in self._of_pattern(pattern)]
        shaped += [Value(self._alike(like)) for like in hint.likes]
        odd = [Value(lambda n, make=make: self._fit(make(self.place, n))) for make in _ODD_TEXTS]  # type: ignore[misc]
        return [*listed, *asked, *plain, *shaped, *odd]

    def _of_length(self, length: int) -> Make:
        def make(n: int) -> str:
            return self._fit(f"{token(self.place, n)} {self.phrase(n)} {'more ' * (length // 5)}"[:length])

        return make

    def _of_pattern(self, pattern: str) -> Iterator[Make]:
        try:
            matching(pattern, "")
        except UnsupportedPatternError:
            return
        yield lambda n: self._fit(matching(pattern, f"{self.place} {n}"))

    def _alike(self, like: str) -> Make:
        """Put the token where a pattern of LIKE has its first percent sign."""
        plain = re.sub(r"\\(.)", r"\1", like.replace("_", "a"))
        return lambda n: self._fit(plain.replace("%", token(self.place, n), 1).replace("%", ""))

    def _documents(self, hint: Hints, rule: Hints) -> list[Value]:
        """Return JSON with the keys that conditions name, and of every kind."""
        plain = [self.fresh()]
        if re.match(r"'\s*\[", self.column.default or ""):
            plain.insert(0, Value(self._list))
        asked = self._told_documents(rule)
        if not (hint.keys or hint.words or hint.values or hint.lengths or hint.counts or hint.patterns):
            return [*asked, *plain]

        def document(fill: Callable[[tuple[str, ...], int], object]) -> Value:
            keys = hint.keys or {("note",): []}
            return Value(lambda n: json.dumps(_nested({key: fill(key, n) for key in keys})))

        def own(key: tuple[str, ...], n: int) -> object:
            return (hint.keys.get(key) or [token(self.place, n)])[0]

        fills: tuple[Callable[[tuple[str, ...], int], object], ...] = (
            own,
            lambda _key, n: token(self.place, n),
            lambda _key, n: n + 1,
            lambda _key, _n: True,
            lambda _key, _n: [],
            lambda _key, _n: {},
        )
        simple = [
            Value(lambda n: json.dumps([token(self.place, n)])),
            *(Value.always(t, "") for t in ("{}", "[]", "1")),
        ]
        documents = [document(fill) for fill in fills]
        return [*asked, *(documents + plain if hint.keys else plain + documents), *simple]

    def _list(self, n: int) -> str:
        return json.dumps([{"note": token(self.place, n * 7 + i)} for i in range(ELEMENTS)])

    def _told_documents(self, rule: Hints) -> list[Value]:
        """Return documents of which rules ask something: each key with each of its values, with another and without."""
        if not (rule.keys or rule.words or rule.values):
            return []
        found = [Value.always(text) for text in (*rule.words, *rule.values) if re.fullmatch(r"\{.*\}|\[.*\]", text)]
        lists = [word for word in rule.words if not word.startswith(("{", "["))]
        found += [Value.always(json.dumps([word])) for word in lists]
        for key, words in rule.keys.items():
            for value in dict.fromkeys([*words, *(["true", "false"] if {*words} & {"true", "false"} else [])]):
                literal: object = {"true": True, "false": False}.get(value, value)
                found.append(Value.always(json.dumps(_nested({key: literal}))))
            if words and {*words} <= {"true", "false"}:
                continue  # read as a flag, so that another text is an error
            name = "/".join(key)
            found.append(Value(lambda n, key=key: json.dumps(_nested({key: token(self.place, n)})), f"other {name}"))  # type: ignore[misc]
        every = {key: words[0] for key, words in rule.keys.items() if words}
        found += [Value.always(json.dumps(_nested(every)), "every key")] if len(every) > 1 else []
        return [*found, Value.always("{}", "no key")]

    def _arrays(self, hint: Hints, rule: Hints) -> list[Value]:
        element = self.catalogue.types[self.type.element]
        words = list(dict.fromkeys((*rule.words, *rule.values)))

        def several(count: int) -> Make:
            return lambda n: self._several(element, n, count)

        asked = [Value.always(f"{{{_quoted(word)}}}") for word in words]
        asked += [Value.always(f"{{{','.join(map(_quoted, words))}}}", "all of them")] if len(words) > 1 else []
        kind = "others" if asked else ""
        return [
            *asked,
            *(Value.always(f"{{{_quoted(word)}}}") for word in (*hint.words, *hint.values)),
            *(Value(several(count), kind) for count in (ELEMENTS, 2, 1, *_around(hint.counts)) if count < 200),
            Value.always("{}"),
        ]


def deciding(catalogue: Catalogue, column: Column, rule: Hints, now: dt.datetime) -> list[str]:
    """Return values that decide what rules ask of a column, on both sides; none of a type that nothing is known of."""
    try:
        values = Source(catalogue, column, column.name, now).values(None, rule)
    except UnknownTypeError:
        return []
    return [text for text in dict.fromkeys(each.make(0) for each in values if each.kind) if text is not None]


def _nested(values: Mapping[tuple[str, ...], object]) -> dict[str, object]:
    """Return a document in which each path leads to its value."""
    whole: dict[str, Any] = {}
    for path, value in values.items():
        place = whole
        for key in path[:-1]:
            place = place.setdefault(key, {}) if isinstance(place.get(key, {}), dict) else {}
        place[path[-1]] = value
    return whole


def _around(bounds: Iterable[int]) -> list[int]:
    return sorted({number for bound in bounds for number in (bound, bound + 1, bound - 1) if number >= 0})


def _quoted(text: str) -> str:
    """Quote an element of an array or a field of a row."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _later(text: str, n: int) -> str:
    """Return a moment an hour and some minutes after the one in the text, in the same form."""
    if len(text) == len("2025-01-01"):
        return (dt.date.fromisoformat(text) + (n % 20) * _DAY).isoformat()
    moment = dt.datetime.fromisoformat(text + ":00" if re.search(r"[+-]\d\d$", text) else text)
    return (moment + dt.timedelta(minutes=60 + n)).isoformat()


_ODD_TEXTS: tuple[Callable[[str, int], str], ...] = (
    token,
    lambda place, n: token(place, n).upper(),
    lambda place, n: token(place, n).capitalize(),
    lambda place, n: digits(place, n, 10),
    lambda place, n: digits(place, n, 5),
    lambda place, n: f"+1555{digits(place, n, 7)}",
    lambda place, n: f"{token(place, n)}@example.org",
    lambda place, n: f"https://example.org/{token(place, n)}",
    lambda place, n: f"/{token(place, n)}",
    lambda place, n: f"#{token(place, n)[1:7]}",
    lambda place, n: f"{token(place, n)}.example.org",
    lambda _place, n: f"1.0.{n}",
    lambda _place, n: chr(65 + n % 26) + chr(65 + n // 26 % 26),
    lambda _place, n: chr(65 + n % 26) + chr(65 + n // 26 % 26) + "A",
    lambda _place, n: chr(97 + n % 26) + chr(97 + n // 26 % 26),
    lambda _place, n: f"en-{chr(65 + n % 26)}{chr(65 + n // 26 % 26)}",
    lambda _place, n: f"2025-01-{n % 28 + 1:02}",
    lambda _place, n: f"Etc/GMT+{n % 12}",
    lambda place, n: made_up_uuid(place, n),
    lambda place, n: blake2b(f"{place} {n}".encode(), digest_size=32).hexdigest(),
)
