"""Variables that an application names: whether they are needed, set, and to what; nothing of their values is told."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from audit.client import environment
from audit.client.app import App, read
from audit.client.environment import Environment
from audit.evidence import Log, NotApplicable
from audit.judging import ruling
from audit.policy import collected
from audit.results import Ruling, Verdict
from tests.client.test_hostile import LIMIT_S, put, told

SETUP = {policy.id: policy for policy in collected("policies") if policy.id.startswith("SETUP-")}
REF, OTHER = "abcdefghijklmnopqrst", "zyxwvutsrqponmlkjihg"
LATER = 4_000_000_000


def token(role: str, ref: str = REF, exp: int = LATER, iss: str = "supabase") -> str:
    parts = ({"alg": "HS256"}, {"iss": iss, "ref": ref, "role": role, "exp": exp})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return f"{texts[0]}.{texts[1]}.c2lnbmF0dXJlc2lnbmF0dXJl"


SECRET = "sb_secret_Zq3vN8xT1bYkR6mLw2Pd9A_hJ5sC0eQ"
PUBLISHABLE = "sb_publishable_Zq3vN8xT1bYkR6mLw2Pd9A_hJ5sC0eQ"
ADDRESS = f"https://{REF}.supabase.co"


def found(folder: Path, given: Mapping[str, str] | None = None) -> Environment:
    return read(folder, given).environment


def ruled(folder: Path, given: Mapping[str, str] | None = None) -> Ruling:
    """Ask SETUP-01 about a folder."""
    log = Log()
    error: BaseException | None = None
    try:
        SETUP["SETUP-01"].function(app=App(read(folder, given), log))
    except (AssertionError, NotApplicable) as raised:
        error = raised
    return ruling(SETUP["SETUP-01"], log, error)


NEEDED = [
    "use(process.env.X!)",
    "use(process.env['X'])",
    "use(process.env[`X`] as string)",
    "use(import.meta.env.X)",
    "use(Deno.env.get('X')!)",
    "use(Bun.env.X)",
    "const { X } = process.env; use(X)",
    "const { X: x } = process.env; use(x)",
    "const env = process.env; use(env.X)",
    "const x = process.env.X; if (!x) throw new Error('no')",
    "if (!process.env.X) throw new Error('no')",
    "if (!process.env.Y1 || !process.env.X) { console.error('no'); process.exit(1) }",
    "if (process.env.X === undefined || !process.env.X) throw new Error('no')",
    "import { X } from '$env/static/private'; use(X)",
    "import { env } from '$env/dynamic/public'; use(env.X)",
    "const need = (name: string) => { if (!process.env[name]) throw 1; return process.env[name] }; use(need('X'))",
    "function need(name) { return process.env[name] }\nuse(need('X'))",
    "use(`https://${process.env.X}/`)",
    "export default { env: { y: process.env.X } }",
    "use(process.env.X || process.env.Y2)",
]

NOT_NEEDED = [
    "use(process.env.X ?? 'there')",
    "use(process.env.X || 'there')",
    "use(process.env.X || '')",
    "const { X = 'there' } = process.env",
    "const { X: x = 'there' } = process.env",
    "if (process.env.X) use(process.env.X)",
    "use(process.env.X ? process.env.X : 'there')",
    "process.env.X && use(process.env.X)",
    "use(process.env.X === 'yes')",
    "use(!!process.env.X)",
    "use(Boolean(process.env.X))",
    "use(process.env.X?.split(','))",
    "process.env.X = 'here'",
    "delete process.env.X",
    "const schema = z.object({ X: z.string().url().optional() }); use({ X: process.env.X })",
    "// process.env.X!\nuse('process.env.X')",
    "use(process.environment.X, other.env.X)",
]


@pytest.mark.parametrize("code", NEEDED)
def test_what_code_counts_on_has_to_be_set(tmp_path: Path, code: str) -> None:
    put(tmp_path, "lib/use.ts", code)
    put(tmp_path, ".env", "OTHER=1\nY1=1\n")
    result = found(tmp_path)
    assert ([each.name for each in result.wrong], result.doubts) == (["X"], [])
    put(tmp_path, ".env.local", "X=1\n")
    assert found(tmp_path).wrong == []


@pytest.mark.parametrize("code", NOT_NEEDED)
def test_what_code_can_do_without_need_not_be_set(tmp_path: Path, code: str) -> None:
    put(tmp_path, "lib/use.ts", code)
    put(tmp_path, ".env", "OTHER=1\n")
    result = found(tmp_path)
    assert (result.wrong, result.doubts) == ([], [])


def test_what_is_decided_when_the_code_runs_is_unchecked(tmp_path: Path) -> None:
    put(tmp_path, "lib/use.ts", "for (const name of names()) use(process.env[name])")
    put(tmp_path, ".env", "A=1\n")
    result = ruled(tmp_path)
    assert (result.verdict, "lib/use.ts:1" in result.reason) == (Verdict.UNCHECKED, True)


@pytest.mark.parametrize(
    ("imported", "called"),
    [("{ need }", "need"), ("{ need as must }", "must"), ("* as env", "env.need"), ("must", "must")],
)
def test_a_helper_may_be_in_another_file(tmp_path: Path, imported: str, called: str) -> None:
    default = "export default need" if imported == "must" else ""
    put(tmp_path, "lib/env.ts", f"export function need(name: string) {{ return process.env[name]! }}\n{default}\n")
    put(tmp_path, "app/page.ts", f"import {imported} from '../lib/env'\nuse({called}('X'))\n")
    put(tmp_path, ".env", "OTHER=1\n")
    result = found(tmp_path)
    assert ([(each.name, each.place.file) for each in result.wrong], result.doubts) == ([("X", "app/page.ts")], [])
    put(tmp_path, "app/other.ts", f"import {imported} from '../lib/env'\nuse({called}(which()))\n")
    assert [text.partition(": ")[0] for text in found(tmp_path).doubts] == ["app/other.ts:2"]


def test_where_nothing_is_set_nothing_is_known(tmp_path: Path) -> None:
    """In a pipeline the variables are set where the application runs: a template must list them at least."""
    put(tmp_path, "lib/use.ts", "use(process.env.SUPABASE_URL!, process.env.X!)")
    assert ruled(tmp_path).verdict is Verdict.UNCHECKED
    put(tmp_path, ".env.example", "SUPABASE_URL=\n")
    assert "sets X, the environment" in ruled(tmp_path).reason
    put(tmp_path, ".env.example", "SUPABASE_URL=\n# export X=\n")
    assert ruled(tmp_path).verdict is Verdict.HOLDS
    put(tmp_path, ".env.test", "Y=\n")
    put(tmp_path, "lib/more.ts", "use(process.env.Y!)")
    assert "sets Y, the environment" in ruled(tmp_path).reason
    (tmp_path / "lib/more.ts").unlink()
    assert ruled(tmp_path, {"SUPABASE_URL": ADDRESS, "X": "1"}).verdict is Verdict.HOLDS
    result = ruled(tmp_path, {"SUPABASE_URL": ADDRESS})
    assert [each.object for each in result.offences] == ["variable X"]


def test_files_reach_code_in_their_folder_and_below(tmp_path: Path) -> None:
    put(tmp_path, "apps/web/lib.ts", "use(process.env.A!, process.env.B!)")
    put(tmp_path, "apps/web/.env.local", "A=1\n")
    put(tmp_path, "apps/other/.env", "B=1\n")
    assert [each.name for each in found(tmp_path).wrong] == ["B"]
    put(tmp_path, ".env", "B=1\n")
    assert found(tmp_path).wrong == []


def test_functions_on_the_edge_have_what_supabase_gives_them(tmp_path: Path) -> None:
    put(tmp_path, "supabase/functions/mail/index.ts", "use(Deno.env.get('SUPABASE_URL')!, Deno.env.get('MAIL_KEY')!)")
    put(tmp_path, ".env", "OTHER=1\n")
    assert [(found(tmp_path).wrong, "MAIL_KEY" in found(tmp_path).doubts[0])] == [([], True)]
    put(tmp_path, "supabase/functions/.env", "OTHER=1\n")
    assert [each.name for each in found(tmp_path).wrong] == ["MAIL_KEY"]


KINDS = [
    ("SUPABASE_URL", ADDRESS, ""),
    ("SUPABASE_URL", "http://127.0.0.1:54321", ""),
    ("SUPABASE_URL", "https://api.example.org/", ""),
    ("SUPABASE_URL", "${HOST_OF_IT}", ""),
    ("SUPABASE_URL", REF, "no address"),
    ("SUPABASE_URL", "https://", "no address"),
    ("SUPABASE_URL", "https://[::1", "no address"),
    ("SUPABASE_URL", f"http://{REF}.supabase.co", "unencrypted"),
    ("SUPABASE_URL", f"{ADDRESS}/rest/v1/", "adds itself"),
    ("SUPABASE_URL", f"https://supabase.com/dashboard/project/{REF}", "dashboard"),
    ("SUPABASE_URL", f"postgresql://postgres@db.{REF}.supabase.co/postgres", "of the database"),
    ("SUPABASE_URL", PUBLISHABLE, "a publishable key"),
    ("SUPABASE_URL", "https://your-project-ref.supabase.co", "template"),
    ("DATABASE_URL", f"postgresql://postgres:secret@db.{REF}.supabase.co/postgres", ""),
    ("DATABASE_URL", "db.example.org", "no address of a database"),
    ("SUPABASE_ANON_KEY", token("anon"), ""),
    ("SUPABASE_ANON_KEY", PUBLISHABLE, ""),
    ("SUPABASE_ANON_KEY", "<your-anon-key>", "template"),
    ("SUPABASE_ANON_KEY", "1234", "is none"),
    ("SUPABASE_ANON_KEY", SECRET, "is a secret key"),
    ("SUPABASE_ANON_KEY", token("service_role"), "is a service-role key"),
    ("SUPABASE_ANON_KEY", token("anon", exp=1_500_000_000), "expired"),
    ("SUPABASE_ANON_KEY", token("anon", ref=OTHER), "another project"),
    ("SUPABASE_ANON_KEY", token("anon", iss="supabase-demo"), "local development"),
    ("SUPABASE_SERVICE_ROLE_KEY", token("service_role"), ""),
    ("SUPABASE_SERVICE_ROLE_KEY", SECRET, ""),
    ("SUPABASE_SECRET_KEY", SECRET, ""),
    ("SUPABASE_SERVICE_ROLE_KEY", token("anon"), "is an anon key"),
    ("SUPABASE_SERVICE_ROLE_KEY", PUBLISHABLE, "is a publishable key"),
    ("SUPABASE_SERVICE_ROLE_KEY", f"sbp_{'0a' * 20}", "token of an account"),
    ("SITE_URL", "care.example.org", ""),
    ("SITE_URL", SECRET, "a secret key"),
    ("MAIL_KEY", "changeme", "template"),
    ("MAIL_KEY", "", "it is empty"),
]


@pytest.mark.parametrize(("name", "value", "said"), KINDS, ids=[f"{at}-{kind[0]}" for at, kind in enumerate(KINDS)])
def test_variables_hold_what_they_are_meant_to(tmp_path: Path, name: str, value: str, said: str) -> None:
    put(tmp_path, "lib/use.ts", f"use(process.env.{name}!)\nuse(process.env.SUPABASE_URL!)")
    beside = "" if name == "SUPABASE_URL" else f"SUPABASE_URL={ADDRESS}\n"
    put(tmp_path, ".env", f'HOST_OF_IT={ADDRESS}\n{beside}{name}="{value}"\n')
    result = ruled(tmp_path)
    assert result.verdict is (Verdict.VIOLATED if said else Verdict.HOLDS), told(result)
    assert [each.object for each in result.offences] == ([f"variable {name}"] if said else [])
    assert said in told(result)
    if len(value) > 20:
        assert [value[at : at + 12] for at in range(len(value) - 12) if value[at : at + 12] in told(result)] == []


def test_a_servers_key_in_a_public_variable_is_told_once(tmp_path: Path) -> None:
    put(tmp_path, "lib/use.ts", "use(process.env.NEXT_PUBLIC_SUPABASE_ANON_KEY!)")
    put(tmp_path, ".env", f"NEXT_PUBLIC_SUPABASE_ANON_KEY={SECRET}\n")
    assert ruled(tmp_path).verdict is Verdict.HOLDS
    assert [leak.object for leak in read(tmp_path).keys.leaks] == ["variable NEXT_PUBLIC_SUPABASE_ANON_KEY"]


def test_what_is_kept_elsewhere_is_unchecked(tmp_path: Path) -> None:
    put(tmp_path, "lib/use.ts", "use(process.env.SUPABASE_ANON_KEY!)")
    put(tmp_path, ".env", "SUPABASE_ANON_KEY=op://vault/supabase/anon\n")
    assert ruled(tmp_path).verdict is Verdict.UNCHECKED


def test_hostile_files_of_variables(tmp_path: Path) -> None:
    """A link, a pipe, a binary, another encoding, a bomb, lines that are none: each told or read, none obeyed."""
    put(tmp_path, "lib/use.ts", "use(process.env.A!, process.env.B!)")
    put(tmp_path, "outside", "A=1\n")
    (tmp_path / ".env.local").symlink_to(tmp_path / "outside")
    os.mkfifo(tmp_path / ".env.staging")
    put(tmp_path, ".env.production", b"A=\x00\x01\x02")
    put(tmp_path, ".env.development", "A=1\n".encode("utf-16"))
    put(tmp_path, ".env", "A='\u202e<script>'\n=x\nB=$(touch here)\n\x1b[2J=1\n")
    result = found(tmp_path)
    assert result.wrong == []
    assert [text for text in result.doubts if ".env.local is a link" in text]
    assert [text for text in result.doubts if ".env.production is no text" in text]
    assert [text for text in result.doubts if ".env:2: this line cannot be read" in text]
    assert not (tmp_path / "here").exists()
    assert "\x1b" not in told(ruled(tmp_path))


BOMBS = [
    "A=${A}${A}${A}${A}\n",
    "\n".join(f"V{n}=${{V{n + 1}}}${{V{n + 1}}}" for n in range(40)) + "\nA=${V0}\n",
    f"A={'${B}' * 40_000}\n",
    f"A={'your-' * 35_000}\n",
    f"A={'eyJ' * 60_000}\n",
    "A='" + "x\n" * 90_000,
    "=\n" * 99_000,
    " " * 190_000,
    "A=" + "\\" * 190_000,
    'A="' + '\\"' * 90_000,
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_no_file_of_variables_takes_long(tmp_path: Path, text: str) -> None:
    put(tmp_path, "lib/use.ts", "use(process.env.A!, process.env.SUPABASE_ANON_KEY!)")
    put(tmp_path, ".env", text.replace("A=", "SUPABASE_ANON_KEY=", 1) + "\n" + text)
    begun = time.process_time()
    ruled(tmp_path)
    assert time.process_time() - begun < LIMIT_S / 6


def test_a_file_that_is_too_large_is_told(tmp_path: Path) -> None:
    put(tmp_path, "lib/use.ts", "use(process.env.A!)")
    put(tmp_path, ".env", "#" * environment.LARGEST + "\nA=1\n")
    assert ruled(tmp_path).verdict in (Verdict.UNCHECKED, Verdict.VIOLATED)
    assert "larger than" in found(tmp_path).doubts[0]
