"""The migrations that built the target, and (in a gate) those that are new."""

from pytest import mark

RUNBOOK = "1. Authentication & User Registration: reset registration system"
GATE = "Prevention: changes of the schema"


@mark.policy(
    "MIG-01",
    severity="P0",
    wrong="Migrations do not apply to an empty database",
    runbook=RUNBOOK,
    fix="""
    -- {object}, line {line}: {error}
    -- Correct the file, or add the migration that it needs before it; then run the audit again.
    """,
)
def test_every_migration_applies(failed_migrations):
    """Every migration applies, in order, to an empty database.

    The last resort is to build the database again from its migrations. When one fails, that resort is none,
    and everything that this run says is about a schema that lacks what the file should have brought: it is applied as
    far as it goes, what rests on the rest is unproven or unchecked. There is one finding for each cause, with what
    follows from it. Two files of one version offend, because one of them is never applied. The gate applies new files
    to made-up rows: where a trigger that was there before refuses these, nobody knows whether it takes real ones.
    """
    assert not failed_migrations()


@mark.policy(
    "MIG-02",
    severity="P1",
    wrong="Migrations are out of order, twice there, or changed after their release",
    runbook=GATE,
    fix="-- {object}: rename the file, or leave the released one as it was.",
)
def test_versions_are_in_order(gate):
    """Versions are unique, new files come after those already released, and released ones stay as they were.

    A file is applied once, by its version. Of two with one version only one is applied; one that comes before a
    released file is applied on some databases and refused on others; an edit of a released file reaches none that has
    it already. So databases that were built from the same files become different, and nobody is told.
    """
    assert not gate.versions()


@mark.policy(
    "MIG-03",
    severity="P0",
    wrong="New migrations lose data",
    runbook=GATE,
    fix="-- {object}, line {line}: keep the data.",
)
def test_no_migration_loses_data(gate):
    """No new migration loses data.

    Lost are rows that are deleted or truncated, tables and columns dropped with something in them, values that a
    narrower type cuts, that NULL takes the place of, that are overwritten in more than ``overwritten_percent`` of
    the rows (audit.toml), made equal to one another, or exchanged among rows, and sequences that begin again, now or
    at their end. Rows are known by their key and compared one by one before and after each statement (of tables of
    more than 100,000 rows a sample, and the finding says so), so that it does not matter how a statement is written.
    What is found elsewhere at the end of all new files was moved, columns as well as rows that another table has with
    all their values, as columns or as JSON; what is filled where nothing was, written in other letters or around with
    more, a new word for each old one, or the same number in a smaller unit is no loss, and neither is what a type
    refuses: then the statement fails.
    Lost later is what a new trigger or rule swallows, deletes or empties when rows are written, what a job of
    ``cron.schedule`` takes away when it is tried, and what is no longer found under its table's name, or in the one
    that its table was part of. A table goes with whatever rows it has, made-up ones or none. The made-up rows tell what
    is done, not how much of it would hit: where a statement meets none of them, and would lose something of rows that
    it meets, where it stands in a branch that was not taken, or what it does hangs on the server that it runs on, the
    policy is UNCHECKED, unless the statistics of a live database (``--stats-from``) say that there is nothing. A
    condition about the catalogue alone is the same everywhere, and a branch that it leaves out is none. Rows that stand
    in a statement with ON CONFLICT say themselves what they overwrite: that is only a remark.
    """
    assert not gate.losses()


@mark.policy(
    "MIG-04",
    severity="P1",
    wrong="New migrations block reads or writes of existing tables",
    runbook=GATE,
    fix="-- {object}, line {line}: take a weaker lock, or hold it for a shorter time.",
)
def test_no_migration_makes_anybody_wait(gate):
    """No new migration blocks reads or writes of an existing table, or rewrites one.

    Nearly every change of a table takes a lock that readers and writers wait for. Held for the moment that the
    catalogue takes, it harms nobody and is no finding. It is one when the transaction that holds it does what takes the
    longer the more rows there are: writes a table or an index anew, reads all rows (to validate, or after another
    statement took the lock), changes most of them, or runs for a second with made-up rows already; or when a statement
    takes such a lock for its own sake. With ``--stats-from``, tables that are small on the live
    database do not count.
    """
    assert not gate.waits()


@mark.policy(
    "MIG-05",
    severity="P0",
    wrong="New migrations break policies that held before",
    runbook=GATE,
    fix="-- {object}",
)
def test_no_migration_breaks_a_policy(gate):
    """No new migration makes a policy of this suite newly VIOLATED or UNCHECKED.

    The whole suite is asked of the base and after all new files, which are released together. What it finds then and
    did not find before is the doing of the file that made it so; what was violated before, and what a later file mends,
    is not. A policy that has nothing left to judge after something was renamed, or settings were changed, has lost
    sight of something, too; what was dropped or closed is meant to be gone. Schemas that a file hides from the API are
    asked about as before. What a rule of access does at another time or place is a doubt, and breaks nothing.
    """
    assert not gate.broken()


@mark.policy(
    "MIG-06",
    severity="P0",
    wrong="New migrations let people reach more than is declared",
    runbook=GATE,
    fix="-- {object}: declare it (access.toml), or do not grant it.",
)
def test_no_migration_widens_anybodys_reach(gate):
    """No new migration widens anybody's reach without a matching change in access.toml.

    Everybody's reach is observed before and after, by acting, in all schemas that the API serves before or after. What
    grows must be declared in the same change, so that who reviews it reads in one line who will see more. So must
    columns that are opened of rows that people reach, and a new default that lets new members in where a policy, or
    a function that it calls, asks for it. Settings of roles and of the database by which the API decides what it
    serves, and as whom, are told whenever they change, and those that protect (time limits of the API's callers,
    search_path, row_security, as whom somebody acts) where they become weaker. So is what hands rows, or more of them
    than keys, to somebody outside: requests, webhooks, dblink, a public channel, NOTIFY, be it a trigger, a statement
    or a job; what a job changes of access; rows that are found in a parent as well that they were given; and a
    restrictive policy that is gone from a table that nobody declared. Whoever signs up is tried where a trigger is not
    what it was: what they see of others, and did not before, is told, and so are users whom a file makes with a
    password. What would let somebody in in a branch that was not taken, or in rows of which no made-up one is (``set
    role = 'admin' where email = ...``), or decides by the server that it runs on, by how many rows there are or by a
    setting of the application's own, is not known: the policy is UNCHECKED then.
    """
    assert not gate.widened()


@mark.policy(
    "MIG-07",
    severity="P2",
    wrong="New migrations use what the linter forbids",
    runbook=GATE,
    fix="-- {object}, line {line}: {message}",
)
def test_no_migration_uses_what_the_linter_forbids(gate):
    """No new migration uses what the static linter forbids.

    The linter (squawk) knows hazards by their text; which rules count is a matter of audit.toml. A warning about a
    table that is new, or about a lock that nobody was seen to wait for, is dropped, and the report says so. Beside them
    stand rules about what was seen to happen: a lock without a lock_timeout, objects that CASCADE drops without a word,
    constraints, NOT NULL, numbers that rows get by themselves, views and functions that go though something may need
    them, names that functions still use, a statement that needs a file of its own, columns of type json, tables that a
    publication (realtime) tells of no more, and triggers that write a thousand rows for one.
    """
    assert not gate.forbidden()


@mark.policy(
    "MIG-08",
    severity="P2",
    wrong="New GRANT or REVOKE statements do nothing",
    runbook=GATE,
    fix="-- {object}, line {line}",
)
def test_no_grant_is_without_effect(gate):
    """No new GRANT or REVOKE is without effect.

    Who wrote it believes something that is not so. A column's REVOKE takes nothing away while the grant on the whole
    table stays; what PUBLIC may do, or a role that somebody is a member of, stays when it is revoked from them by name;
    and what the platform grants by name stays when it is revoked from PUBLIC. What counts is who may do it when the
    file is at its end, so that a REVOKE that a later statement completes is none. A GRANT of what was granted already
    is told where the object was there before: of a new one, defaults may have granted it, and saying so does no harm.
    """
    assert not gate.idle()
