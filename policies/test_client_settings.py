"""Runbook 1: what the application's own files say: its clients of Supabase, its tokens, its keys."""

from pytest import mark

RUNBOOK = "1. Authentication & User Registration: authentication tokens expired prematurely"
SECURITY = "6. Row Level Security: keys"


@mark.policy(
    "CONF-01",
    severity="P1",
    wrong="The browser client loses sessions, or shows tokens in addresses",
    runbook=RUNBOOK,
    fix="""
    -- {object}, {file} line {line}: {value}, and it should be {wanted}. In the options of the browser's client:
    --   auth: {{ autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' }}
    """,
)
def test_browser_clients_keep_sessions_and_hide_tokens(app):
    """Browser clients keep people signed in, and show no token in an address.

    `autoRefreshToken`, `persistSession` and `detectSessionInUrl` true, `flowType` "pkce": otherwise people are signed
    out when their token ends or when they load the page anew, a link from a mail signs nobody in, or tokens stand in
    addresses. The files below `--app=DIR` are read, and not run: the options are followed through variables, spreads,
    imports and helper functions, and a wrapper is judged at each of its calls. Where nothing is written, the library's
    defaults count: `createClient` of supabase-js takes the implicit flow, `createBrowserClient` of @supabase/ssr sets
    all four so. What is decided by variables of the environment or by code that cannot be followed is
    UNCHECKED, with file and line. Tests and stories are left out, and clients whose tokens come from elsewhere
    (`accessToken`).
    """
    assert not app.browser_clients()


@mark.policy(
    "CONF-02",
    severity="P1",
    wrong="The server client keeps a session that the next person may get",
    runbook=RUNBOOK,
    fix="""
    -- {object}, {file} line {line}: {value}, and it should be {wanted}. In the options of the server's client:
    --   auth: {{ autoRefreshToken: false, persistSession: false, flowType: 'pkce' }}
    """,
)
def test_server_clients_keep_no_session(app):
    """Server clients keep no session of anybody.

    `autoRefreshToken` and `persistSession` false, `flowType` "pkce": a server that keeps a session may give it to the
    next person who asks. A client is the server's by the function that makes it, or by its module: directives,
    packages such as `server-only`, the places that frameworks give to routes and handlers, and who imports it; a module
    that both sides import is judged as both. `createServerClient` of @supabase/ssr holds where nothing else is written:
    it keeps sessions in the cookies of each request and nowhere else. A client with the service-role key needs no
    `flowType`: nobody signs in with it.
    """
    assert not app.server_clients()


@mark.policy(
    "CONF-03",
    severity="P2",
    wrong="Tokens end too late or too early, or are not renewed safely",
    runbook=RUNBOOK,
    fix="-- {object}, line {line}: {reason}.",
)
def test_settings_of_tokens_make_sense(app):
    """Tokens end after 5 minutes to a week, and refresh tokens are rotated.

    `jwt_expiry` and `enable_refresh_token_rotation` in supabase/config.toml, and in its sections for branches. A token
    cannot be called back, so that whoever was shut out goes on until it ends; one that ends too soon is refreshed all
    the time, and lost with the first outage. Without rotation a stolen refresh token is good for ever. Where nothing is
    written, Supabase's defaults count: an hour, with rotation.
    """
    assert not app.tokens()


@mark.policy(
    "CONF-04",
    severity="P0",
    wrong="The service-role key is in client code: anybody can read and change everything",
    runbook=SECURITY,
    fix="""
    -- {object}, {file} line {line}: {what}; {reason}. It goes round row level security, for everybody who has it.
    -- Make it invalid first (Project Settings, API Keys): it stays in the history of git and in what was built with it.
    -- Then give the new one to server code alone, in a variable that is neither tracked nor public.
    """,
)
def test_no_service_key_is_in_client_code(app):
    """No service-role key is in client code.

    Tokens are decoded and looked at for their role; secret keys of the newer kind are known by their form. They may
    stand neither in what browsers load (modules of the browser's side, pages, public folders, what was built), nor in
    variables that are put into it (`NEXT_PUBLIC_`, `VITE_` and their like), nor in a file that git tracks; and no
    client that browsers make may take the variable that holds one. The keys of Supabase's local development are
    everybody's and count for nothing. The report says where and of what kind, never the key. Earlier commits are not
    looked at.
    """
    assert not app.service_keys()
