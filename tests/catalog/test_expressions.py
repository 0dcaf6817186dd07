"""Policies' expressions: what is always true, what reads the claims for every row, what is compared with the caller."""

from __future__ import annotations

import pytest

from audit.catalog.expressions import (
    Body,
    Judge,
    asks_for_every_row,
    compared,
    parsed,
    readers,
    trusts_metadata,
    weaknesses,
)
from audit.evidence import Unchecked

HELPERS = [
    [
        "private",
        "is_admin",
        "sql",
        "select exists (select from public.profiles p where p.id = auth.uid() and p.is_admin)",
    ],
    ["private", "takes_part", "plpgsql", "begin return exists (select from t where t.u = auth.uid()); end"],
    ["private", "yes", "plpgsql", "\nbegin\n  return true;\nend\n"],
    ["private", "yes_too", "sql", "select 1 = 1;"],
    ["private", "standard", "sql", "CREATE OR REPLACE FUNCTION private.standard()\n RETURNS boolean\nRETURN (1 = 1)"],
    ["private", "sometimes", "plpgsql", "begin if auth.uid() is null then return false; end if; return true; end"],
    ["private", "open", "sql", "select open from public.settings"],
]
FUNCTIONS = [Body(*helper) for helper in HELPERS]


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "(1 = 1)",
        "(NOT false)",
        "( SELECT true AS bool)",
        "((auth.uid() = owner) OR true)",
        "((owner = auth.uid()) OR (id IS NOT NULL))",
        "(owner = owner)",
        "((owner = auth.uid()) OR (owner <> auth.uid()))",
        "(published OR (NOT published))",
        "(auth.role() = 'authenticated'::text)",
        "(( SELECT auth.role() AS role) = ANY (ARRAY['authenticated'::text, 'service_role'::text]))",
        "((auth.jwt() ->> 'role'::text) = 'authenticated'::text)",
        "(((current_setting('request.jwt.claims'::text, true))::json ->> 'role'::text) = 'authenticated'::text)",
        "(auth.uid() IS NOT NULL)",
        "(NOT (auth.uid() IS NULL))",
        "(auth.role() <> 'anon'::text)",
        "(CURRENT_USER = 'authenticated'::name)",
        "CASE WHEN (a = 1) THEN true ELSE true END",
        "COALESCE(true, false)",
        "private.yes()",
        "( SELECT private.yes_too() AS yes_too)",
        "private.standard()",
        "('t'::text)::boolean",
        "(EXISTS ( SELECT 1))",
        "(true IS TRUE)",
    ],
)
def test_it_is_always_true(text: str) -> None:
    assert Judge("authenticated", ["id"], FUNCTIONS).always(parsed(text))


@pytest.mark.parametrize(
    "text",
    [
        "false",
        "(1 = 2)",
        "(auth.uid() = owner)",
        "(( SELECT auth.uid() AS uid) = owner)",
        "published",
        "(owner IS NOT NULL)",
        "(auth.role() = 'service_role'::text)",
        "((auth.jwt() ->> 'user_role'::text) = 'authenticated'::text)",
        "(((auth.jwt() -> 'app_metadata'::text) ->> 'role'::text) = 'authenticated'::text)",
        "(role = 'authenticated'::text)",
        "(auth.uid() IS NULL)",
        "((auth.role() = 'authenticated'::text) AND published)",
        "private.is_admin()",
        "private.open()",
        "private.sometimes()",
        "(EXISTS ( SELECT 1 FROM public.t))",
        "(created_at <= now())",
        "NULL::boolean",
    ],
)
def test_it_is_not_always_true(text: str) -> None:
    assert not Judge("authenticated", ["id"], FUNCTIONS).always(parsed(text))


def test_anon_is_nobody() -> None:
    judge = Judge("anon")
    assert judge.truth(parsed("(auth.uid() IS NOT NULL)")) is False
    assert judge.truth(parsed("(auth.role() = 'authenticated'::text)")) is False
    assert judge.always(parsed("(auth.uid() IS NULL)"))
    assert judge.always(parsed("(auth.role() = 'anon'::text)"))


@pytest.mark.parametrize(
    ("text", "anybody"),
    [
        ("(status = 'open'::text)", True),
        ("((owner = auth.uid()) OR (status = 'open'::text))", True),
        ("((auth.role() = 'authenticated'::text) AND (status = 'open'::text))", True),
        ("((owner = auth.uid()) AND (status = 'open'::text))", False),
        ("((status = 'open'::text) AND private.is_admin())", False),
        ("(EXISTS ( SELECT 1 FROM public.t WHERE (t.id = tasks.project)))", False),
        ("false", False),
    ],
)
def test_writes_must_look_at_the_caller(text: str, anybody: bool) -> None:
    assert Judge("authenticated", (), FUNCTIONS).anybody(parsed(text)) is anybody


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("(auth.uid() = owner)", True),
        ("(( SELECT auth.uid() AS uid) = owner)", False),
        ("((( SELECT auth.uid() AS uid) = owner) OR (auth.uid() = helper))", True),
        ("( SELECT (auth.uid() = t.owner))", True),
        ("private.is_admin()", True),
        ("( SELECT private.is_admin() AS is_admin)", False),
        ("private.takes_part(id)", False),
        ("private.takes_part('x'::uuid)", True),
        ("private.yes()", False),
        ("(id IN ( SELECT private.takes_part() AS takes_part))", False),
        ("(id IN ( SELECT c.c FROM private.takes_part() c(c)))", False),
        ("(EXISTS ( SELECT FROM public.m WHERE ((m.t = t.id) AND (m.u = auth.uid()))))", True),
        ("(EXISTS ( SELECT FROM public.m WHERE ((m.t = t.id) AND (m.u = ( SELECT auth.uid() AS uid)))))", False),
        ("((current_setting('request.jwt.claims'::text, true))::json ->> 'sub'::text) = owner", True),
        ("current_setting('app.mode'::text, true) = 'open'", False),
    ],
)
def test_the_claims_are_read_for_every_row(text: str, asks: bool) -> None:
    assert asks_for_every_row({"_using": text, "_check": None, "_called": HELPERS}) is asks


def test_columns_compared_with_the_caller() -> None:
    text = """
    ((owner = ( SELECT auth.uid() AS uid)) OR (status = 'open'::text) OR (EXISTS ( SELECT FROM public.members m
      WHERE ((m.team = teams.id) AND (auth.uid() = m.member)))))
    """
    found = {(one.table, one.column) for one in compared(parsed(text), readers(FUNCTIONS)) if one.with_caller}
    assert found == {(None, "owner"), (("public", "members"), "member")}


@pytest.mark.parametrize(
    ("text", "trusts"),
    [
        ("((auth.jwt() -> 'user_metadata'::text) ->> 'role'::text) = 'admin'::text", True),
        ("((auth.jwt() #>> '{user_metadata,role}'::text[]) = 'admin'::text)", True),
        ("((auth.jwt())['user_metadata'::text] = '1'::jsonb)", True),
        ("(EXISTS ( SELECT 1 FROM auth.users u WHERE ((u.raw_user_meta_data ->> 'role'::text) = 'x'::text)))", True),
        ("jsonb_path_exists(auth.jwt(), '$.user_metadata.admin'::jsonpath)", True),
        ("((auth.jwt() -> 'app_metadata'::text) ->> 'role'::text) = 'admin'::text", False),
        ("(kind = 'user_metadata'::text)", False),
        ("(user_metadata IS NOT NULL)", False),
    ],
)
def test_user_metadata(text: str, trusts: bool) -> None:
    assert trusts_metadata({"_using": text, "_check": None, "_called": []}) is trusts


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("(auth.email() = email)", 1),
        ("(phone = (auth.jwt() ->> 'phone'::text))", 1),
        ("(phone = (auth.jwt() -> 'app_metadata'::text ->> 'phone'::text))", 0),
        ("((auth.jwt() ->> 'email'::text) ~~ '%@example.org'::text)", 3),
        ("(auth.uid() = '3f2b8c1e-5d4a-4f6b-9c7d-1e2f3a4b5c6d'::uuid)", 1),
        ("(auth.role() = 'admin'::text)", 1),
        ("(auth.role() = ANY (ARRAY['authenticated'::text, 'moderator'::text]))", 1),
        ("(SESSION_USER = 'postgres'::name)", 1),
        ("(((current_setting('request.headers'::text))::json ->> 'x-key'::text) = 'k'::text)", 1),
        ("(role = 'admin'::text)", 0),
        ("(bucket_id = 'avatars'::text)", 0),
        ("(auth.role() = 'authenticated'::text)", 0),
        ("(((auth.jwt() -> 'app_metadata'::text) ->> 'role'::text) = 'admin'::text)", 0),
        ("(name ~~ 'public/%'::text)", 0),
        ("(name ~~ ((( SELECT auth.uid() AS uid))::text || '/%'::text))", 0),
        ("(name ~~ (('users/'::text || (auth.uid())::text) || '/%'::text))", 0),
        ("(name ~~ (('%'::text || (auth.uid())::text) || '%'::text))", 1),
        ("(name ~~ ((auth.uid())::text || '%'::text))", 1),
        ("(name ~~ ((auth.jwt() ->> 'sub'::text) || '/%'::text))", 1),
        ("((contact ->> 'email'::text) IS NOT NULL)", 0),
    ],
)
def test_what_can_be_forged(text: str, count: int) -> None:
    roles = ["anon", "authenticated", "service_role"]
    assert len(weaknesses({"_using": text, "_check": None, "_called": [], "_roles": roles})) == count


def test_what_cannot_be_parsed_is_not_judged() -> None:
    with pytest.raises(Unchecked):
        parsed("a <=>=> (b")
