"""Setup: whether application, database and audit are set up as the project's own files say."""

from pytest import mark

RUNBOOK = "Prevention: the setup is what the project says"


@mark.policy(
    "SETUP-01",
    severity="P1",
    wrong="Variables of the application are missing, or set to something else than is meant",
    runbook=RUNBOOK,
    fix="""
    -- {object}, {file} line {line}: {what}.
    -- What it should be is in the project's settings (Connect, API Keys). It goes into a file that git does not track.
    """,
)
def test_variables_are_set_and_of_the_right_kind(app):
    """The variables that the application names are set, and to what they are meant to be.

    `process.env`, `import.meta.env`, `Deno.env`, `Bun.env` and `$env` of SvelteKit are read in its code, and what
    sets them in its `.env` files and in the environment of this run. A variable with something to fall back on need
    not be set, nor one that is only asked about, nor what runtimes and providers set. By its name a variable is
    meant for an address, for the key that everybody may have, or for the server's: one in the place of another, a
    key that has expired or is another project's, and what a template left, are told; its value never is. Where
    nothing here sets any of them, as in CI, the application is set up elsewhere: then a template (`.env.example`) must
    list them, and of those that it does not nobody knows. A server's key in a public variable is CONF-04's.
    """
    assert not app.variables()


@mark.policy(
    "SETUP-02",
    severity="P2",
    wrong="Server version or extensions are not what the project says",
    runbook=RUNBOOK,
    fix="""
    -- {object}, {file} line {line}: {what}.
    -- {todo}.
    """,
    needs="history",
)
def test_version_and_extensions_are_what_the_project_says(app, auditor):
    """The server's version is that of supabase/config.toml, and the extensions that migrations create are there.

    Who develops on another version finds out on the day of the release what it lacks or does otherwise; and an
    extension that was created by hand in one database alone is missing in the next. `major_version` counts, also
    that of a branch: nobody knows which one this database is. What is not written there is not judged; nor is a
    database that was built for this run, on whichever server there is.
    """
    assert not app.versions(auditor)


@mark.policy(
    "SETUP-03",
    severity="P1",
    wrong="Project, database and audit disagree on which schemas the API serves",
    runbook=RUNBOOK,
    fix="""
    -- {object}, {file} line {line}: {what}.
    -- {todo}.
    """,
)
def test_everybody_knows_which_schemas_the_api_serves(app, auditor):
    """Project, database and audit agree on the schemas that the API serves.

    Every policy about what people reach begins with the schemas that are served. One that supabase/config.toml
    names and the audit does not know is open to the API and looked at by nobody; one that does not exist keeps the
    API from starting; one that is served and not named is open where its developers do not know it. The audit takes
    `exposed_schemas` of audit.toml, else what the database says of its API, else `public`. What Supabase brings
    (`graphql_public`, `storage`) is left out.
    """
    assert not app.served(auditor)
