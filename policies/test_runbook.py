"""The runbook itself: whether what it says to do can be done on this database, and does no harm."""

from pytest import mark

RUNBOOK = "The runbook itself"


@mark.policy(
    "RUN-01",
    severity="P2",
    wrong="Statements of the runbook are not valid SQL",
    runbook=RUNBOOK,
    fix="-- {object}, line {line}: {message}",
)
def test_every_statement_of_the_runbook_parses(runbook):
    """Every SQL statement of the runbook parses.

    The server itself reads each statement, by the grammar of its own version, and executes none. Statements are those
    in blocks of SQL, and what blocks of the shell hand to psql. Places to fill in, such as ``[user-uuid]``, ``<id>`` or
    ``:id``, are filled in first. A fence that never ends, and text that was saved in the wrong encoding, offend too:
    whoever pastes from there pastes something else than what was written.
    """
    assert not runbook.unparsed()


@mark.policy(
    "RUN-02",
    severity="P1",
    wrong="Statements of the runbook fail on this database",
    runbook=RUNBOOK,
    fix="-- {object}, line {line}: {message}",
)
def test_every_statement_of_the_runbook_can_be_planned(runbook):
    """Every SQL statement of the runbook can be planned on this database.

    A statement that is wrong is found out during an incident. Each one is planned in a read-only transaction on the
    target, as the role that its block takes on; what the server does not plan, such as a change of the schema, is tried
    on a disposable copy and undone. The finding has the server's own message, and the mend where it is known: columns
    that a newer version renamed, first of all. A literal that its column does not allow (by a CHECK or an enumerated
    type) offends, and so does an ORDER BY of a text whose words sort otherwise than they mean. What leaves the database
    or a transaction (DROP DATABASE, COPY PROGRAM, ALTER SYSTEM) is only parsed.
    """
    assert not runbook.unplanned()


@mark.policy(
    "RUN-03",
    severity="P1",
    wrong="The runbook names objects that do not exist",
    runbook=RUNBOOK,
    fix="-- {object}, line {line}: {message}",
)
def test_every_object_that_the_runbook_names_exists(runbook):
    """Every object that the runbook names exists.

    Looked up are the tables, views, indexes and functions of its statements, names that it compares with columns of the
    catalogue (``tablename = 'orders'``), and code spans that are a call, a qualified name, or are called a
    table, function, index and the like by the text beside them. What the book itself makes in another block is there.
    """
    assert not runbook.missing()


@mark.policy(
    "RUN-04",
    severity="P1",
    wrong="Statements of the runbook are dangerous as they are written",
    runbook=RUNBOOK,
    fix="-- {object}, line {line}: {message}",
)
def test_no_statement_of_the_runbook_is_dangerous(runbook):
    """No statement or command of the runbook is dangerous as it is written.

    In an incident people paste. Found is what switches row level security or triggers off; becomes another role, or
    claims to be somebody, beyond the transaction; deletes or updates without a WHERE, or more than the text says; gives
    access without consent or trail (it is done on a copy, and people are asked what they see); leaves a gap between two
    statements of which one takes away what the other puts back; resets statistics before they were read; makes a view
    past row level security that an API role may read; makes an e-mail address a name; fails or doubles when it is done
    again; locks a table for long; tests an exit status that was lost, or an alarm that cannot ring; asks what can never
    be true; or destroys. What is between ``begin`` and ``rollback`` harms nobody.
    """
    assert not runbook.dangerous()


@mark.policy(
    "RUN-05",
    severity="P3",
    wrong="The runbook refers to files that do not exist",
    runbook=RUNBOOK,
    fix="-- {object}, line {line}: {message}",
)
def test_every_file_that_the_runbook_refers_to_exists(runbook):
    """Every file that the runbook refers to exists.

    With the application's folder (``--app=DIR``) scripts, npm scripts and what they call, options that a script does
    not know, relative links, and files named in code spans and comments are looked up. Nothing in the folder is
    executed.
    """
    assert not runbook.lost()
