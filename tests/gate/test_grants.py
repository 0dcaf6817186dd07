"""A GRANT or REVOKE without effect is told, with who may still do it; one that has its effect is not."""

from __future__ import annotations

import pytest

from tests.gate.conftest import Told

FUNCTION = "create function public.tidy() returns void language sql set search_path = '' as 'select';\n"
OPEN = (
    "alter default privileges for role postgres in schema public grant execute on functions to anon, authenticated;\n"
    "alter default privileges for role postgres grant execute on functions to public;\n" + FUNCTION
)
TABLE = "create table private.wallets (id int primary key, pin text, colour text);\n"
READ = TABLE + "grant select on private.wallets to authenticated;\n"

IN_VAIN = [
    # A13: a column's REVOKE while the table's grant stays.
    (READ + "revoke select (pin) on private.wallets from anon, authenticated;", "authenticated still has select, for"),
    (
        READ + 'revoke select ("pin") on table private.wallets from authenticated cascade;',
        "authenticated still has select",
    ),
    # A08: from PUBLIC only, while the roles have it by name.
    (OPEN + "revoke all on function public.tidy() from public;", "anon still has execute; authenticated still has"),
    # A09: from the roles only, while PUBLIC has it.
    (OPEN + "revoke all on function public.tidy() from anon, authenticated;", "still has execute through PUBLIC"),
    # Through a role that it is a member of.
    (
        TABLE + "create role readers;\ncreate role clerks;\ngrant readers to clerks;\n"
        "grant select on private.wallets to readers, clerks;\nrevoke select on private.wallets from clerks;",
        "clerks still has select through",
    ),
    # Of what was there before: who never had it, and who had it already.
    ("revoke select on private.parcels from anon;", "anon never had it on private.parcels"),
    ("grant select on public.messages to authenticated;", "authenticated had select on public.messages already"),
]
IN_EARNEST = [
    READ + "revoke select on private.wallets from authenticated;\n"
    "grant select (id, colour) on private.wallets to authenticated;",
    READ + "revoke select (pin) on private.wallets from authenticated;\n"
    "revoke select on private.wallets from authenticated;\ngrant select (id) on private.wallets to authenticated;",
    OPEN + "revoke all on function public.tidy() from public, anon, authenticated;",
    OPEN + "revoke all on function public.tidy() from public;\nrevoke all on function public.tidy() from anon;\n"
    "revoke all on function public.tidy() from authenticated;",
    OPEN + "revoke all on function public.tidy() from public;\nrevoke all on function public.tidy() from anon;\n"
    "grant execute on function public.tidy() to authenticated;",
    TABLE + "grant select on private.wallets to authenticated;\ngrant select on private.wallets to authenticated;",
    TABLE + "revoke all on private.wallets from public, anon;",
    READ + "revoke select on private.wallets from authenticated;\ngrant select on private.wallets to authenticated;",
    READ + "begin; revoke select (pin) on private.wallets from authenticated; rollback;",
    "grant usage on type private.kind to authenticated;",
    "comment on table private.parcels is 'revoke select (code) on private.parcels from postgres';",
]


@pytest.mark.parametrize(("text", "reason"), IN_VAIN)
def test_what_is_without_effect_is_told(told: Told, text: str, reason: str) -> None:
    found = [each for each in told(text) if each.policy == "MIG-08"]
    assert len(found) == 1, found
    assert reason in found[0].object
    assert found[0].location is not None
    assert found[0].location.line == len(text.splitlines())


@pytest.mark.parametrize("text", IN_EARNEST)
def test_what_has_its_effect_is_not(told: Told, text: str) -> None:
    assert [each.object for each in told(text) if each.policy == "MIG-08"] == []
