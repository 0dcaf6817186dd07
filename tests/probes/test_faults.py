"""Functions that do not work are told without what they worked on."""

from __future__ import annotations

from audit.probes.bodies import by_itself, outspoken
from audit.probes.faults import only_words
from tests.support.proving import POLICIES, Bench

BUILDS = """
create function public.audit_builds() returns int language plpgsql as $$
declare found int;
begin
    execute format('select count(*) from public.%I', (
        select p.name || ' of the audit' from public.profiles p order by p.id limit 1)) into found;
    return found;
end $$
"""


def test_a_name_that_is_made_of_data_is_no_fault(bench: Bench) -> None:
    """What is missing is what a made-up row says, not what the function says."""
    bench.connection.execute("begin")
    try:
        bench.connection.execute(BUILDS)
        ((name,),) = bench.connection.execute("select name from public.profiles order by id limit 1").fetchall()
        bench.connection.execute("update public.profiles set name = 'Zacharias Quux' where name = %s", [name])
        result = bench.ask(POLICIES["SCHEMA-04"], bench.connection)
    finally:
        bench.connection.execute("rollback")
    assert not result.findings


def test_a_name_that_is_not_of_the_project_is_not_told() -> None:
    told = only_words(
        'relation "zacharias quux of members" does not exist', {"relation", "does", "not", "exist", "members"}
    )
    assert told == 'relation "... ... ... members" does not exist'


def test_what_a_body_is_refused_by_itself() -> None:
    text = """
    insert into public.log (note, what) values (p_note, 'x, y');
    update public.jobs as j set state = 'finished', n = p_n where j.id = p_id;
    """
    missing = 'null value in column "{}" of relation "log" violates not-null constraint'
    checked = 'new row for relation "jobs" violates check constraint "{}"'
    checks = {("jobs", "state_known"): ["state"], ("jobs", "n_positive"): ["n"]}

    assert by_itself("23502", missing.format("who"), text, checks, alone=False)
    assert not by_itself("23502", missing.format("note"), text, checks, alone=False)
    assert by_itself("23514", checked.format("state_known"), text, checks, alone=False)
    assert not by_itself("23514", checked.format("n_positive"), text, checks, alone=False)
    assert not by_itself("22P02", 'invalid input syntax for type integer: "made up"', text, checks, alone=False)


def test_what_an_update_leaves_the_row_says() -> None:
    checks = {("jobs", "in_time"): ["done", "wanted"]}
    checked = 'new row for relation "jobs" violates check constraint "in_time"'
    for text, fails in {
        "update public.jobs set done = 0 where id = p_id": False,
        "update public.jobs set done = 2, wanted = 1 where id = p_id": True,
        "insert into public.jobs (done) values (7)": True,
    }.items():
        assert by_itself("23514", checked, text, checks, alone=False) is fails


def test_whose_id_is_null_without_a_caller() -> None:
    text = "insert into public.log (who, what) select (select auth.uid()), 'x' from public.notes"
    missing = 'null value in column "who" of relation "log" violates not-null constraint'
    assert by_itself("23502", missing, text, {}, alone=True)
    assert not by_itself("23502", missing, text, {}, alone=False)


def test_an_error_that_is_passed_over_is_raised() -> None:
    text = "begin perform 1; -- when others then\nexception when others then return 'when others then'; end"
    let_out = outspoken(text)
    assert let_out is not None and let_out.count("raise;") == 1
    assert outspoken("begin return 'when others then'; end") is None
