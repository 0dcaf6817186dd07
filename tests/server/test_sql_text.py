"""The one reader of SQL text: tokens, statements, names, and what only looks like SQL."""

from __future__ import annotations

import pytest

from audit.sql_text import (
    NAME,
    NUMBER,
    STRING,
    WORD,
    Unreadable,
    bare,
    chains,
    folded,
    quoted,
    statements,
    tokens,
    without_comments,
)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("a.b(c)", ["a", ".", "b", "(", "c", ")"]),
        ("select $1, 1..10", ["select", "$1", ",", "1", ".", ".10"]),
        ("a::int[] := 1.5e-3", ["a", ":", ":", "int", "[", "]", ":", "=", "1.5e-3"]),
        ("x->>'y' @> '{}'", ["x", "-", ">>", "'y'", "@>", "'{}'"]),
        ("a--b\n-c", ["a", "-", "c"]),
        ("a/*b/*c*/d*/-e", ["a", "-", "e"]),
        ("1-/* 2 */-3", ["1", "-", "-", "3"]),
        ("fooe'bar'", ["fooe", "'bar'"]),
        ("E'it\\'s' e'' N'x' B'1' X'F' U&'d'", ["E'it\\'s'", "e''", "N'x'", "B'1'", "X'F'", "U&'d'"]),
        ('U&"a" "b""c" é$1', ['U&"a"', '"b""c"', "é$1"]),
        ("$$a$b$c$$ $b$ $$ $b$", ["$$a$b$c$$", "$b$ $$ $b$"]),
        ("'open", ["'open"]),
    ],
)
def test_text_is_read_as_tokens(text, texts):
    assert [token.text for token in tokens(text)] == texts
    assert [text[token.start : token.end] for token in tokens(text)] == texts


def test_what_a_token_stands_for():
    word, name, string, code, number = tokens("Abc \"A\"\"b\" E'it\\'s ''x''\\n' $q$a $$ b$q$ 1.5")
    assert (word.kind, word.word, word.name, word.value) == (WORD, "abc", "abc", "")
    assert (name.kind, name.word, name.name, name.sign) == (NAME, "", 'A"b', "")
    assert (string.kind, string.name, string.value, string.dollar) == (STRING, "", "it's 'x'\n", False)
    assert (code.kind, code.value, code.dollar) == (STRING, "a $$ b", True)
    assert (number.kind, number.sign) == (NUMBER, "1.5")


@pytest.mark.parametrize("text", ["'a", '"a', "$$a", "$b$a$$", "E'a\\'", "U&'a"])
def test_a_quote_that_never_ends_is_told(text):
    (token,) = tokens(text)
    assert not token.closed
    assert token.name or token.value


def test_names_are_folded_as_the_server_does():
    assert folded("ÄrGer") == "Ärger"
    assert [quoted(name) for name in ("a_1$", "A", 'a"b', "1a", "ä", "")] == [
        "a_1$",
        '"A"',
        '"a""b"',
        '"1a"',
        "ä",
        '""',
    ]


def test_names_come_with_what_stands_around_them():
    found = list(tokens('insert into public."T" select f(x) from (a join b.c.d using (e)) where a.k%rowtype'))
    told = {chain.names: (chain.before, chain.after) for chain in chains(found)}
    assert told["public", "T"] == ("into", "select")
    assert told["f",] == ("select", "(")
    assert told["x",] == ("(", ")")
    assert told["a",] == ("from", "join")
    assert told["b", "c", "d"] == ("join", "using")
    assert told["a", "k"] == ("where", "%")


def test_what_only_looks_like_sql_is_blanked():
    text = "do $a$ begin -- delete from t\n delete from \"a'b\"; perform 'drop\ntable'; end $a$; /* x */ select 'y"
    expected = "do $a$ begin                 \n delete from \"a'b\"; perform '    \n     '; end $a$;         select ' "
    assert bare(text) == expected
    assert len(bare("$a$" * 3 + "".join(f"$a{n}$" for n in range(5000)))) > 5000


def test_comments_are_blanked_and_what_only_looks_like_them_stays():
    text = "select '-- a', $$ b -- c\n $$, \"/* d */\" /* e /* f */ g */ -- h\nfrom i"
    assert without_comments(text).split() == ["select", "'--", "a',", "$$", "b", "$$,", '"/*', "d", '*/"', "from", "i"]
    assert len(without_comments(text)) == len(text)


def test_data_behind_copy_belongs_to_it():
    text = "copy public.t (a, b) from stdin;\n1\t;'$$\n\\\\.\n\\N\tx\n\\.\n\nselect 1;\ncopy t from stdin;\n\\.\r\n"
    first, second, third = statements(text)
    assert (first.text, first.data) == ("copy public.t (a, b) from stdin", "1\t;'$$\n\\\\.\n\\N\tx\n")
    assert (second.text, second.data, text[second.start :][:6]) == ("select 1", None, "select")
    assert third.data == ""


@pytest.mark.parametrize(
    ("text", "start", "reason"),
    [
        ("select 1;\n\\i other.sql", 10, r"\\i is a command of psql, not SQL"),
        ("select 1 \\gexec", 9, r"\\gexec is a command of psql, not SQL"),
        ("copy t from stdin;\n1\n", 0, "copy from stdin has no data behind it, or no line with \\\\. at their end"),
        ("copy t from stdin", 0, "copy from stdin has no data behind it, or no line with \\\\. at their end"),
        ("\\.\n", 0, r"\\. is a command of psql, not SQL"),
    ],
)
def test_what_is_for_psql_alone_is_refused(text, start, reason):
    with pytest.raises(Unreadable, match=f"^{reason}$") as refusal:
        list(statements(text))
    assert refusal.value.start == start


def test_what_pg_dump_frames_its_output_with_is_passed_over():
    text = "\\restrict aB3\n\\connect shop\nselect 1;\n\\unrestrict aB3\n"
    assert [statement.text for statement in statements(text)] == ["select 1"]


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("", []),
        (" -- nothing\n/* at all; */ ;;", []),
        ("select 1; select 2", ["select 1", "select 2"]),
        ("select 'a;''b'; select 2;", ["select 'a;''b'", "select 2"]),
        (r"select 'a\'; select 2", [r"select 'a\'", "select 2"]),
        (r"select E'a\';b'; select 2", [r"select E'a\';b'", "select 2"]),
        (r"select e'\\'; select 2", [r"select e'\\'", "select 2"]),
        ('select ";"";" from t; select 2', ['select ";"";" from t', "select 2"]),
        ("/* a /* b; */ c; */ select 1; select 2", ["select 1", "select 2"]),
        ("select 1 -- ; ' $$\n+ 1; select 2", ["select 1 -- ; ' $$\n+ 1", "select 2"]),
        ("do $$begin; end$$; select 2", ["do $$begin; end$$", "select 2"]),
        ("do $a$ ;$$;' $b$ $a$; select 2", ["do $a$ ;$$;' $b$ $a$", "select 2"]),
        ("select a$b$c; select $1; select 3", ["select a$b$c", "select $1", "select 3"]),
        ("do $ä$ ; $ä$; select 2", ["do $ä$ ; $ä$", "select 2"]),
        (
            "create rule r as on insert to t do (select 1; select 2); select 3",
            ["create rule r as on insert to t do (select 1; select 2)", "select 3"],
        ),
        (
            "create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3",
            [
                "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
                "select 3",
            ],
        ),
        ("begin; select case when true then 1 end; end; select 3", None),
        ("select 'never closed; select 2", ["select 'never closed; select 2"]),
        ("do $$ never closed; select 2", ["do $$ never closed; select 2"]),
        ("/* never closed; select 2", []),
    ],
)
def test_files_are_split_into_statements(text, texts):
    expected = texts if texts is not None else [part.strip() for part in text.split(";")]
    assert [statement.text for statement in statements(text)] == expected


def test_large_and_hostile_files_are_split_in_linear_time():
    insert = "insert into t values ('it''s; fine', E'\\\\', $$;$$, 42); -- and so on\n"
    count = 5_000_000 // len(insert)
    assert sum(1 for _ in statements(insert * count)) == count
    assert len(list(statements("'" + "''" * 1_000_000))) == 1
    assert len(list(statements("E'" + "''\\'" * 500_000))) == 1
    assert list(statements("/*" * 500_000)) == []
    assert len(list(statements("$a" * 500_000 + ";" * 500_000))) == 1
    assert len(list(statements("(" * 500_000 + ";" * 500_000))) == 1
    assert len(list(statements("1." * 500_000))) == 1
    assert len(list(statements("u&" * 500_000))) == 1
    assert len(list(statements("copy t from stdin;\n\\.\n" * 50_000))) == 50_000
    assert len(bare("$a$'" * 200_000)) == 800_000
    assert len(without_comments("$a$/*" * 200_000)) == 1_000_000
    assert sum(1 for _ in chains(list(tokens("(" * 200_000 + "a(" * 200_000)))) == 200_000
