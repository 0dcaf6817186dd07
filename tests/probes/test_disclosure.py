"""What a trigger copies: whether it asks the row first, and what is copied to be shown."""

from __future__ import annotations

import pytest

from audit.probes.disclosure import _asks_for_publishing, _is_private_copy


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("begin insert into public.feed (line) values (new.body); return null; end", False),
        ("begin insert into private.feed (line) values ('All new: ' || new.body); return null; end", False),
        ("(new.published)\nbegin insert into public.feed (line) values (new.body); return null; end", True),
        ("begin if new.status = 'published' then insert into feed values (new.body); end if; return null; end", True),
        ("begin if not new.is_draft then insert into feed values (new.body); end if; return null; end", True),
        (
            "begin insert into feed select n.body from notes n where n.id = new.id and n.is_public; return null; end",
            True,
        ),
    ],
)
def test_a_trigger_asks_before_it_shows(text: str, asks: bool) -> None:
    assert _asks_for_publishing(text) is asks


@pytest.mark.parametrize(
    ("name", "kind", "place", "private"),
    [
        ("public.feed", "r", "public.notes.body", True),
        ("public.feed", "r", "public.patients.diagnosis", True),
        ("public.feed", "r", "public.societies.name", False),
        ("public.gazette", "r", "public.notes.body", False),
        ("public.feed", "v", "public.notes.body", False),
    ],
)
def test_what_is_private_is_no_name(name: str, kind: str, place: str, private: bool) -> None:
    assert _is_private_copy(name, kind, place, {"public.gazette"}) is private
