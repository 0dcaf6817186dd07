"""The live database against the migrations that are said to build it."""

from pytest import mark

RUNBOOK = "Prevention: the database is what its migrations build"


@mark.policy(
    "DRIFT-01",
    severity="P1",
    wrong="The live schema is not what the migrations build",
    runbook=RUNBOOK,
    fix="-- {object}: bring the database to what the migrations build, or the migrations to the database.",
)
def test_the_schema_is_what_the_migrations_build(drift):
    """The live schema is what the migrations build: tables, columns, constraints, indexes, functions, triggers, views.

    What was changed by hand is in no file: nobody has reviewed it, no other database has it, and the next one that is
    built from the files lacks it. The migrations are built on a server of our own, and both catalogues are compared,
    object by object: schemas, tables and their columns, types, sequences, constraints, indexes, functions, triggers,
    rules, views, extensions, publications, storage buckets, jobs of cron. Comments, white space, the order of columns
    and the names that the server gave to constraints make no difference, nor does the version of the server. What the
    platform brings is left out, and so are the contents of tables. What is missing as a whole is one finding. Each has
    the statement that makes the database what the migrations build, and the one for a new migration that goes the other
    way; which is right is for a person to decide. It is asked of a live database, with ``MIGRATIONS=dir``.
    """
    assert not drift.schema()


@mark.policy(
    "DRIFT-02",
    severity="P0",
    wrong="Grants, owners, policies or roles of the live database are not what the migrations build",
    runbook=RUNBOOK,
    fix="-- {object}: bring the database to what the migrations build, or the migrations to the database.",
)
def test_access_is_what_the_migrations_build(drift):
    """Grants, owners, policies, row-level-security switches, roles and their settings are what the migrations build.

    A policy that somebody switched off for a moment, a grant that was to help for an hour: what is in no file is not
    reviewed, and stays. Compared are the policies, also those on the platform's tables, the switches of row level
    security, who owns and who was granted what (on tables, columns, functions, sequences, types and schemas, and by
    default), the project's roles, who is a member of what, and the settings of roles and of the database. Passwords
    cannot be seen, and the roles that the platform brings are its own business, apart from those that its API uses. The
    login of the audit itself is left out. It is asked of a live database, with ``MIGRATIONS=dir``.
    """
    assert not drift.access()


@mark.policy(
    "DRIFT-03",
    severity="P1",
    wrong="The live database and the files do not agree on which migrations were applied",
    runbook=RUNBOOK,
    fix="-- {object}: make the files and supabase_migrations.schema_migrations agree.",
)
def test_files_and_history_agree(drift):
    """Versions that the live database has applied and the files of the migrations agree.

    A file that was never applied, a version without a file, a file that was edited after it was applied: each means
    that the files say something else than what happened. The platform notes in supabase_migrations.schema_migrations
    what it applied, and with which statements; they are compared with the files, comments and white space aside. Where
    the statements were not noted, an edit would go unseen, and the policy is unchecked. Histories of other tools are
    not read: without the platform's table the policy does not apply.
    """
    assert not drift.history()
