"""Books that nobody would write, and books that somebody wrote to do harm: nothing of them is executed on a target."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from audit.connection import connect
from audit.runbook.examine import examine
from audit.runbook.reading import MOST_BYTES, NotABook, book_of, read
from audit.runbook.statements import content
from tests.support.books import CORPUS, book, desk_on, examined, wrong_in
from tests.support.proving import Bench, aspects

HOSTILE = sorted(path.name for path in (CORPUS / "hostile").glob("*.md"))
WITNESS = Path("/tmp/runbook-was-here")

# What the audit itself sends to a target, by its first words.
OURS = ("begin", "select", "savepoint", "release", "rollback", "commit", "explain (analyze false", "with", "set local")


def test_a_book_without_blocks_is_none(bench: Bench) -> None:
    outline = examined(bench, book("hostile/no-blocks.md")[0])
    assert outline.blocks == ()
    assert outline.remarks == ()
    assert outline.looked["RUN-01"] == 0


def test_a_fence_that_never_ends_is_told(bench: Bench) -> None:
    found = wrong_in(examined(bench, book("hostile/unclosed.md")[0]))
    assert found == {(3, "RUN-01", "fence never ends"), (6, "RUN-01", "does not parse")}


def test_a_text_in_the_wrong_encoding_is_told(bench: Bench) -> None:
    found = wrong_in(examined(bench, book("hostile/misread.md")[0]))
    assert (4, "RUN-01", "wrong encoding") in found


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\x7fELF\0\0\0", "binary data"),
        ("# B\n\n```sql\nselect 'x';\n".encode("utf-16"), "binary data"),
        ("# B\n\nGr\u00fc\u00dfe\n".encode("cp1252"), "not UTF-8 (line 3)"),
        (b"x" * (MOST_BYTES + 1), "more than 4"),
        (b"a\n" * 5_000_000, "10 MB"),
    ],
)
def test_what_is_no_book_is_refused_with_a_sentence(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "book.md"
    path.write_bytes(raw)
    begun = time.monotonic()
    with pytest.raises(NotABook, match=said.replace("(", r"\(").replace(")", r"\)")) as refused:
        read(path)
    assert time.monotonic() - begun < 5
    assert str(tmp_path) not in str(refused.value)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotABook, match="cannot be read"):
        read(tmp_path / "none.md")
    with pytest.raises(NotABook, match="not a file"):
        read(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "```sql\n" + "select 1;\n" * 100_000,
        "```sql\n" + "(" * 100_000,
        "```sql\n" + "/*" * 100_000,
        "```sql\n" + "[a" * 100_000,
        "```bash\n" + "$(" * 50_000,
        "```bash\n" + '"' * 99_999,
        "```bash\n" + "psql -c 'select 1' <<A\n" * 2_000,
        "> " * 20_000 + "x",
        "`" * 200_000,
        "0 " * 100_000,
    ],
    ids=[
        "statements",
        "parentheses",
        "comments",
        "brackets",
        "substitutions",
        "quotes",
        "heres",
        "quotations",
        "ticks",
        "cron",
    ],
)
def test_reading_takes_time_in_proportion(text: str) -> None:
    begun = time.monotonic()
    for fence in book_of(text, "book.md", CORPUS).fences:
        content(fence)
    assert time.monotonic() - begun < 30


def test_nothing_is_executed_on_the_target(bench: Bench) -> None:
    """The hostile book is examined with a target of its own, and what that target was sent is looked at."""
    read_, wrong = book("hostile/smuggling.md")
    WITNESS.unlink(missing_ok=True)
    name = "live_for_a_book"
    dsn = bench.target.server.clone_database(name)
    counts = "select count(*) from public.profiles union all select count(*) from public.messages"
    try:
        with connect(dsn) as live, connect(dsn) as beside:
            before = aspects(beside), beside.execute(counts).fetchall()
            beside.execute("select extensions.pg_stat_statements_reset()")
            with desk_on(bench, live) as desk:
                outline = examine(read_, desk)
            sent = [
                text.lower().lstrip()
                for (text,) in beside.execute(
                    """
                    select s.query from extensions.pg_stat_statements s
                    where s.dbid = (select oid from pg_catalog.pg_database where datname = current_database())
                    """
                ).fetchall()
            ]
            assert (aspects(beside), beside.execute(counts).fetchall()) == before
            assert live.execute("select pg_catalog.pg_current_xact_id_if_assigned()").fetchone() == (None,)
    finally:
        bench.target.server.drop_database(name)
    assert wrong_in(outline) == wrong
    assert not WITNESS.exists()
    assert [text for text in sent if not text.startswith(OURS)] == []
    assert not [text for text in sent if "lo_export" in text and not text.startswith("explain")]
