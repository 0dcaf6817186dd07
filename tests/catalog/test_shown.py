"""What may be shown to everybody, as far as names and types tell."""

import pytest

from audit.catalog.shown import MEANT, harmless, rows_may_be_meant, saying_what_may_be_meant

POST = [("id", "N", "int8"), ("author_id", "U", "uuid"), ("title", "S", "text"), ("created_at", "D", "timestamptz")]


@pytest.mark.parametrize(
    "column",
    [
        ("username", "S", "text"), ("full_name", "S", "text"), ("avatar_url", "S", "text"), ("tags", "A", "_text"),
        ("is_published", "B", "bool"), ("view_count", "N", "int4"), ("status", "E", "status"), ("content", "S", "text"),
        ("embedding", "U", "vector"), ("total_points", "N", "int8"), ("text", "S", "text"), ("mentions", "A", "_text"),
    ],
)  # fmt: skip
def test_what_is_written_to_be_read_is_harmless(column):
    assert harmless([*POST, column], "posts")


@pytest.mark.parametrize(
    "column",
    [
        ("email", "S", "text"), ("phone_number", "S", "text"), ("rent", "N", "numeric"), ("balance", "N", "numeric"),
        ("diagnosis", "S", "text"), ("metadata", "U", "jsonb"), ("banned_at", "D", "timestamptz"),
        ("birth_date", "D", "date"), ("api_key", "S", "text"), ("is_admin", "B", "bool"), ("anything", "S", "text"),
    ],
)  # fmt: skip
def test_what_nothing_explains_is_private(column):
    assert not harmless([*POST, column], "posts")


def test_what_is_written_to_somebody_is_private():
    assert not harmless([*POST, ("content", "S", "text")], "chat_messages")
    assert not harmless([*POST, ("text", "S", "text")], "chat_messages")
    assert not harmless([])


def test_what_is_declared_leaves_nothing_to_guess():
    row = {"command": "select", "role": "anon", "_table": "posts", "_columns": POST, "_closed": False}
    assert rows_may_be_meant({**row, "_undeclared": True})
    assert not rows_may_be_meant({**row, "_undeclared": False})
    assert not rows_may_be_meant({**row, "_undeclared": True, "command": "update"})
    assert not rows_may_be_meant({**row, "_undeclared": True, "_for_all": True})


def test_those_who_are_invited_know_each_other():
    row = {"command": "select", "_table": "people", "_columns": [("email", "S", "text")], "_undeclared": True}
    assert rows_may_be_meant({**row, "role": "authenticated", "_closed": True})
    assert not rows_may_be_meant({**row, "role": "anon", "_closed": True})
    assert not rows_may_be_meant({**row, "role": "authenticated", "_closed": False})


def test_who_writes_to_whom_is_private():
    assert not harmless(POST, "message_threads")


def test_who_has_to_do_with_what_is_private():
    loan = [("id", "U", "uuid"), ("tool_id", "U", "uuid"), ("borrower_id", "U", "uuid"), ("due_on", "D", "date")]
    assert not harmless(loan, "open_loans")
    assert harmless([*loan, ("title", "S", "text")], "open_loans")


def test_who_likes_what_is_shown():
    like = [("id", "U", "uuid"), ("post_id", "U", "uuid"), ("user_id", "U", "uuid"), ("created_at", "D", "timestamptz")]
    assert harmless(like, "post_likes") and harmless(like, "followers")
    assert not harmless(like, "message_reactions") and not harmless(like, "likelihoods")


def test_it_is_said_of_what_offends_alone():
    where = saying_what_may_be_meant(lambda row: row["bad"], lambda row: row["shown"])
    rows = [{"bad": bad, "shown": shown} for bad in (True, False) for shown in (True, False)]
    assert [where(row) for row in rows] == [True, True, False, False]
    assert [row.get("may be meant") for row in rows] == [MEANT, None, None, None]
