"""Functions that do not work are told without what they worked on."""

from __future__ import annotations

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


def test_a_name_that_is_made_of_data_is_not_told(bench: Bench) -> None:
    bench.connection.execute("begin")
    try:
        bench.connection.execute(BUILDS)
        ((name,),) = bench.connection.execute("select name from public.profiles order by id limit 1").fetchall()
        bench.connection.execute("update public.profiles set name = 'Zacharias Quux' where name = %s", [name])
        result = bench.ask(POLICIES["SCHEMA-04"], bench.connection)
    finally:
        bench.connection.execute("rollback")
    (found,) = result.findings
    assert found.object == "public.audit_builds()" or found.object == "audit_builds()"
    assert "relation" in str(found.details["error"]) and "does not exist" in str(found.details["error"])
    assert not {"zacharias", "quux"} & {*str(found).lower().replace('"', " ").split()}
