"""The migrations that built the target."""

from pytest import mark


@mark.policy(
    "MIG-01",
    severity="P0",
    runbook="1. Authentication & User Registration: reset registration system",
    fix="""
    -- {object}, line {line}: {error}
    -- Correct the file, or add the migration that it needs before it; then run the audit again.
    """,
)
def test_every_migration_applies(failed_migrations):
    """Every migration applies, in order, to an empty database.

    The runbook's last resort is to build the database again from its migrations. When one fails, that resort is none,
    and everything that this run says is about a schema that lacks what the file should have brought.
    """
    assert not failed_migrations()
