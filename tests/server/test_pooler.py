"""PgBouncer and TLS on the way: the audit works through them, leaves nothing there, and says what it cannot do so."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audit.connection import Dsn, TargetError, connect, exposure
from audit.server.shadow import POOLED
from audit.server.target import Choice, Target, opened
from tests.support.auditing import acts, audit
from tests.support.bouncer import Bouncer, bouncing, needs_pgbouncer
from tests.support.proving import POLICIES

USER = "supabase_admin"
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
ACTING = {name for name, policy in POLICIES.items() if acts(policy) or "matrix" in policy.askers}
# Settings that a question sets, and a session has by itself.
SETTINGS = """
select current_setting('search_path'), current_setting('row_security'), current_setting('statement_timeout'),
       current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
       current_setting('transaction_read_only'), (select count(*) from pg_catalog.pg_prepared_statements)
"""


@pytest.fixture(scope="module")
def production(target: Target) -> Dsn:
    """A copy of the reference database, to be audited as a live one."""
    dsn = target.server.clone_database("behind_a_pooler")
    with connect(dsn) as connection:
        connection.execute("analyze")
    return dsn


@needs_pgbouncer
def test_a_pooler_in_transaction_mode_gets_its_session_back_as_it_was(target, production, tmp_path):
    """There is one session behind it, which the audit shares with somebody else all the time."""
    with bouncing(production, "transaction", USER) as bouncer, connect(bouncer.through(production)) as somebody:
        before = somebody.execute(SETTINGS).fetchone()
        somebody.execute("set application_name = 'somebody'")
        outcome = audit(tmp_path, f"--target={bouncer.through(production)}")
        assert somebody.execute(SETTINGS).fetchone() == before
        assert somebody.execute("show application_name").fetchone() == ("somebody",)
    assert {*outcome.policies} == {*POLICIES}
    unchecked = outcome.having("UNCHECKED") & ACTING
    assert unchecked
    assert {outcome.policies[name]["reason"].endswith(POOLED) for name in unchecked} == {True}
    assert {outcome.policies[name]["remedy"] for name in unchecked} == {
        "use the direct connection, or a pooler in session mode"
    }
    rest = {*POLICIES} - ACTING
    assert len(outcome.having("HOLDS") & rest) > len(rest) / 2
    assert not outcome.having("VIOLATED")
    footprint = outcome.document["footprint"]
    assert footprint["questions"] > len(rest) / 2 and footprint["transaction_ids"] == 0
    # Before version 18 the server counts for no single session, pooler or not.
    why = "pooler" if int(target.server_version.split(".")[0]) >= 18 else "PostgreSQL 18 and newer do"
    assert footprint["wal_bytes"] is None and why in footprint["unknown"]


@needs_pgbouncer
def test_through_a_pooler_in_session_mode_people_act(production, tmp_path):
    with bouncing(production, "session", USER) as bouncer:
        outcome = audit(tmp_path, f"--target={bouncer.through(production)}", "-k", "phone or sign")
    assert "shadow PostgreSQL" in outcome.said
    assert outcome.having("HOLDS") & ACTING


# --- TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority, the certificate that it made out to localhost, and another authority."""
    directory = tmp_path_factory.mktemp("tls")

    def openssl(*command: str) -> None:
        subprocess.run(["openssl", *command], cwd=directory, check=True, capture_output=True)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.crt")  # fmt: skip
    openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "request"
    )
    openssl("x509", "-req", "-days", "2", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.crt")  # fmt: skip
    return directory


@contextmanager
def behind_tls(dsn: str, certificates: Path) -> Iterator[Bouncer]:
    """Start PgBouncer in session mode and wanting TLS. As another user it cannot enter everywhere for its key."""
    keys = Path(tempfile.mkdtemp(prefix="k", dir="/tmp"))
    keys.chmod(0o711)
    files = {"client_tls_key_file": "server.key", "client_tls_cert_file": "server.crt"}
    for name in files.values():
        (keys / name).write_bytes((certificates / name).read_bytes())
    paths = {setting: str(keys / name) for setting, name in files.items()}
    try:
        with bouncing(dsn, "session", USER, listen_addr="127.0.0.1", client_tls_sslmode="require", **paths) as bouncer:
            yield bouncer
    finally:
        shutil.rmtree(keys)


@pytest.fixture(scope="module")
def encrypted(production: Dsn, certificates: Path) -> Iterator[Bouncer]:
    """A way to the database that wants TLS, as many servers do."""
    with behind_tls(production, certificates) as bouncer:
        yield bouncer


@needs_pgbouncer
def test_the_servers_certificate_can_be_verified_by_audit_and_dump(encrypted, production, certificates, tmp_path):
    way = encrypted.through(
        production,
        host="localhost",
        hostaddr="127.0.0.1",
        sslmode="verify-full",
        sslrootcert=str(certificates / "ca.crt"),
    )
    outcome = audit(tmp_path, f"--target={way}", "-k", "user", "--no-shadow")
    assert outcome.having("HOLDS"), outcome.said
    assert "another machine" not in outcome.said


@needs_pgbouncer
@pytest.mark.parametrize("mode", ["prefer", "verify-full"])
def test_a_dump_without_tls_is_none_where_the_connection_has_it(encrypted, production, certificates, tmp_path, mode):
    """The programs of the wheel know no TLS: they would send the schema, and maybe the password, for all to read."""
    way = encrypted.through(
        production, host="localhost", hostaddr="127.0.0.1", sslmode=mode, sslrootcert=str(certificates / "ca.crt")
    )
    outcome = audit(tmp_path, f"--target={way}", "-k", "phone", PATH="/nonexistent")
    policy = outcome.policies["CONTACT-08"]
    assert policy["verdict"] == "UNCHECKED"
    assert re.search("the connection is encrypted, and the pg_dump in .* knows no TLS", policy["reason"])
    assert "--postgres-bin=DIR" in policy["remedy"]


@needs_pgbouncer
@pytest.mark.skipif(not PROGRAMS.is_dir(), reason="PostgreSQL 15 is not installed")
def test_a_dump_goes_over_tls(certificates, tmp_path):
    with (
        opened(Choice(postgres_bin=PROGRAMS, members=5)) as target,
        behind_tls(target.server.dsn, certificates) as bouncer,
    ):
        way = bouncer.through(
            target.server.dsn, host="localhost", hostaddr="127.0.0.1", sslmode="verify-full",
            sslrootcert=str(certificates / "ca.crt"),
        )  # fmt: skip
        outcome = audit(tmp_path, f"--target={way}", f"--postgres-bin={PROGRAMS}", "-k", "phone")
    assert outcome.having("HOLDS") & ACTING, outcome.said


@needs_pgbouncer
@pytest.mark.parametrize(("host", "authority"), [("localhost", "other.crt"), ("elsewhere.invalid", "ca.crt")])
def test_somebody_else_in_the_servers_place_gets_no_question(encrypted, production, certificates, host, authority):
    way = encrypted.through(
        production, host=host, hostaddr="127.0.0.1", sslmode="verify-full", sslrootcert=str(certificates / authority)
    )
    with pytest.raises(TargetError, match="TLS could not be agreed: check sslmode and sslrootcert"):
        connect(way)


def connection_to(address: str, mode: str, encrypted: bool) -> object:
    """A connection as psycopg tells of it, to a machine that is not there."""
    options = [types.SimpleNamespace(keyword=b"sslmode", val=mode.encode())]
    return types.SimpleNamespace(
        pgconn=types.SimpleNamespace(info=options, ssl_in_use=encrypted),
        info=types.SimpleNamespace(hostaddr=address),
    )


@pytest.mark.parametrize(
    ("address", "mode", "encrypted", "told"),
    [
        ("192.0.2.7", "prefer", True, "this time it was encrypted"),
        ("192.0.2.7", "prefer", False, "this time it was not encrypted"),
        ("2001:db8::7", "disable", False, "sslmode=disable"),
        ("fe80::7%eth0", "allow", False, "sslmode=allow"),
        ("192.0.2.7", "require", True, ""),
        ("192.0.2.7", "verify-full", True, ""),
        ("127.0.0.1", "prefer", False, ""),
        ("::1", "disable", False, ""),
        ("", "prefer", False, ""),
        ("/tmp", "prefer", False, ""),
        ("@abstract", "prefer", False, ""),
    ],
)
def test_a_way_on_which_others_can_listen_is_told(address, mode, encrypted, told):
    said = exposure(connection_to(address, mode, encrypted))
    assert told in said
    assert bool(said) is bool(told)


@needs_pgbouncer
def test_the_way_to_another_machine_is_noted_in_the_report(production, tmp_path):
    """This machine's own address is taken for another's, because tests have no other machine."""
    elsewhere = "from audit import connection\n\nconnection.is_local = lambda address: False\n"
    (tmp_path / "elsewhere.py").write_text(elsewhere)
    with bouncing(production, "session", USER, listen_addr="127.0.0.1") as bouncer:
        outcome = audit(
            tmp_path / "out", f"--target={bouncer.through(production)} sslmode=prefer", "--no-shadow", "-k", "profile",
            "-p", "elsewhere", PYTHONPATH=str(tmp_path),
        )  # fmt: skip
    assert "note: The connection leads to another machine with sslmode=prefer" in outcome.said
    assert [note for note in outcome.document["notes"] if "sslmode=verify-full" in note]
