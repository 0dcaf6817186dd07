"""An application may be anybody's: whatever is in it, it is read in time, nothing outside is, and no key is told."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from audit.client import folder as folders
from audit.client.app import read
from audit.results import Ruling, Verdict
from tests.support.applications import POLICIES, judged, ruled
from tests.support.proving import SABOTAGE

MAKES = "import { createClient } from '@supabase/supabase-js'\n"
GOOD = "auth: { autoRefreshToken: true, persistSession: true, detectSessionInUrl: true, flowType: 'pkce' }"
SECRET = "sb_secret_Zq3vN8xT1bYkR6mLw2Pd9A_hJ5sC0eQ"
TOKEN = (SABOTAGE / "CONF-04.the-key-is-in-a-page.tsx").read_text(encoding="utf-8").split("'")[5]
LIMIT_S = 60  # of the processor's time, for what takes a few seconds


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def client(folder: Path, options: str, before: str = "") -> Path:
    return put(
        folder, "lib/supabase/client.ts", f"{MAKES}{before}\nexport const db = createClient('u', 'k', {options})\n"
    )


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def told(ruling: Ruling) -> str:
    return repr((ruling.reason, ruling.remedy, ruling.offences, str(ruling.population)))


def test_an_empty_folder_has_nothing_to_judge(tmp_path: Path) -> None:
    verdicts = {name: ruling.verdict for name, ruling in judged(tmp_path).items()}
    assert set(verdicts.values()) == {Verdict.NOT_APPLICABLE}


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside, app = tmp_path / "outside", tmp_path / "app"
    put(outside, "options.ts", "export const options = { auth: { flowType: 'implicit' } }")
    put(outside, "keys/page.html", f"<script>const key = '{SECRET}'</script>")
    client(app, "options", "import { options } from './options'")
    (app / "lib/supabase/options.ts").symlink_to(outside / "options.ts")
    (app / "public").symlink_to(outside / "keys")
    (app / "round").symlink_to(app)
    (app / "supabase").mkdir()
    (app / "supabase/config.toml").symlink_to(outside / "config.toml")
    found = judged(app)
    assert found["CONF-01"].verdict is Verdict.UNCHECKED
    assert "lib/supabase/client.ts:2: " in found["CONF-01"].reason
    assert found["CONF-03"].verdict is Verdict.UNCHECKED
    assert found["CONF-04"].verdict is Verdict.HOLDS


def test_links_within_the_folder_lead_to_files_of_it(tmp_path: Path) -> None:
    client(tmp_path, "options", "import { options } from './options'")
    put(tmp_path, "shared/options.ts", "export const options = { auth: { flowType: 'implicit' } }")
    (tmp_path / "lib/supabase/options.ts").symlink_to(tmp_path / "shared/options.ts")
    (found,) = judged(tmp_path, "CONF-01").values()
    assert [str(each.location) for each in found.offences] == ["shared/options.ts:1"]


def test_what_others_wrote_is_skipped(tmp_path: Path) -> None:
    client(tmp_path, f"{{ {GOOD} }}")
    put(tmp_path, "node_modules/lib/client.js", f"{MAKES}createClient('u', '{SECRET}')")
    put(tmp_path, "packages/a/node_modules/lib/client.js", f"{MAKES}createClient('u', 'k')")
    put(tmp_path, "public/vendor.min.js", f"function createClient(){{}};{'x' * 30_000};createClient()")
    assert {ruling.verdict for ruling in judged(tmp_path, "CONF-01", "CONF-04").values()} == {Verdict.HOLDS}


@pytest.mark.parametrize(
    "content",
    [b"\0\1\2" * 5_000, b"\xff\xfe\xfd" * 5_000, (MAKES + "createClient(").encode("utf-16"), b""],
    ids=["zeros", "no-text", "utf-16", "empty"],
)
def test_files_that_are_no_text_are_read(tmp_path: Path, content: bytes) -> None:
    client(tmp_path, f"{{ {GOOD} }}")
    put(tmp_path, "lib/other.ts", content)
    assert judged(tmp_path)["CONF-01"].verdict in (Verdict.HOLDS, Verdict.UNCHECKED)


def test_a_key_in_another_encoding_is_found(tmp_path: Path) -> None:
    put(tmp_path, "public/config.js", f"const key = '{SECRET}'".encode("utf-16"))
    assert judged(tmp_path)["CONF-04"].verdict is Verdict.VIOLATED


def test_what_is_too_large_is_told(tmp_path: Path) -> None:
    client(tmp_path, f"{{ {GOOD} }}")
    put(tmp_path, "lib/large.ts", MAKES + "// x\n" * (folders.LARGEST_SOURCE // 5 + 1))
    found = judged(tmp_path)["CONF-01"]
    assert (found.verdict, found.reason) == (
        Verdict.UNCHECKED, "lib/large.ts cannot be read: is larger than 1,000,000 bytes",
    )  # fmt: skip


NESTED = {
    "brackets": "(" * 50_000 + "1" + ")" * 50_000,
    "objects": "{ a: " * 20_000 + "1" + " }" * 20_000,
    "members": "x" + ".y" * 50_000,
    "sums": "'a'" + " + 'a'" * 50_000,
    "conditions": "true ? 1 : " * 20_000 + "1",
    "calls": "f(" * 20_000 + ")" * 20_000,
    "functions": "() => " * 20_000 + "1",
    "unclosed": "{ auth: [ (" * 20_000,
    "elements": "<a>" * 20_000,
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_what_is_nested_too_deeply_is_told(tmp_path: Path, text: str) -> None:
    client(tmp_path, "{ auth }", f"const auth = {text}")
    begun = time.process_time()
    found = judged(tmp_path)["CONF-01"]
    assert found.verdict is not Verdict.HOLDS, told(found)
    assert found.partial or "lib/supabase/client.ts:" in found.reason, told(found)
    assert time.process_time() - begun < LIMIT_S


TWICE = "\n".join(f"const a{n} = {{ ...a{n - 1}, ...(q ? a{n - 1} : a{n - 1}) }}" for n in range(1, 60))
INVOLVED = {
    "each-twice": f"const a0 = {{}}\n{TWICE}\nconst auth = a59",
    "functions-in-a-circle": "const f = (n): any => n ? f(n - 1) : g(n)\nconst g = (n) => f(n)\nconst auth = f(9)",
    "names-in-a-circle": "const a: any = b\nconst b: any = { ...a }\nconst auth = b",
    "a-class": "class A { static x = A.x; get y() { return this.y } }\nconst auth = { ...A.x, ...new A().y }",
    "many-changes": "const auth: any = {}\n" + "if (q) auth.persistSession = !auth.persistSession\n" * 3_000,
    "many-ways": "const auth = " + "".join(f"q{n} ? {{ flowType: '{n}' }} : " for n in range(300)) + "{}",
}


@pytest.mark.parametrize("text", INVOLVED.values(), ids=INVOLVED)
def test_what_is_too_involved_is_told(tmp_path: Path, text: str) -> None:
    client(tmp_path, "{ auth }", text)
    begun = time.process_time()
    found = judged(tmp_path)["CONF-01"]
    assert found.verdict is not Verdict.HOLDS, told(found)
    assert found.verdict is Verdict.VIOLATED or "lib/supabase/client.ts:" in found.reason
    assert time.process_time() - begun < LIMIT_S


def test_imports_may_go_in_circles(tmp_path: Path) -> None:
    count = 1_500
    for number in range(count):
        after = (number + 1) % count
        put(
            tmp_path,
            f"lib/m{number}.ts",
            f"export * from './m{after}'\nexport {{ o{after} as o{number} }} from './m{after}'",
        )
    client(tmp_path, "o7", "import { o7 } from '../m7'")
    begun = time.process_time()
    assert judged(tmp_path)["CONF-01"].verdict is Verdict.UNCHECKED
    assert time.process_time() - begun < LIMIT_S


def test_ten_thousand_files_are_read_in_time(tmp_path: Path) -> None:
    body = "export const value = 1\n" * 100
    for number in range(10_000):
        before = f"import {{ db }} from '@/lib/supabase/client'\nimport {{ value as v }} from './m{number - 1}'\n"
        put(tmp_path, f"src/d{number % 100}/m{number}.tsx", (before if number % 10 else "'use client'\n") + body)
    client(tmp_path, f"{{ {GOOD} }}")
    put(tmp_path, "package.json", '{"dependencies": {"next": "15"}}')
    begun = time.process_time()
    found = judged(tmp_path)
    assert time.process_time() - begun < LIMIT_S
    assert found["CONF-04"].population is not None and found["CONF-04"].population.count == 10_002
    assert found["CONF-01"].verdict is Verdict.HOLDS, told(found["CONF-01"])


def test_a_folder_that_is_too_deep_is_told(tmp_path: Path) -> None:
    client(tmp_path, f"{{ {GOOD} }}")
    put(tmp_path, "d/" * 60 + "client.ts", f"{MAKES}createClient('u', 'k')")
    found = judged(tmp_path)
    assert {found["CONF-01"].verdict, found["CONF-04"].verdict} == {Verdict.UNCHECKED}
    assert "nested more than 40 folders deep" in found["CONF-01"].reason


def test_too_many_files_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FILES", 10)
    for number in range(30):
        put(tmp_path, f"d{number}/m.ts", "")
    assert judged(tmp_path)["CONF-01"].verdict is Verdict.UNCHECKED


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    client(tmp_path, f"{{ {GOOD} }}")
    os.mkfifo(tmp_path / "lib/pipe.ts")
    os.mkfifo(tmp_path / ".env")
    assert {ruling.verdict for ruling in judged(tmp_path, "CONF-01", "CONF-04").values()} == {Verdict.HOLDS}


ODD = [
    "a\nb",
    "\x1b[31mred",
    '"><img src=x onerror=alert(1)>',
    "{object}%s{{ 7 * 7 }}",
    "a b#?&.ts",
    "\udcff\udcfe",
    "‮evil",
]


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_names_are_only_names(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"{name}/client.ts", f"{MAKES}export const db = createClient('u', 'k')")
    put(tmp_path, f"public/{name}.js", f"const key = '{SECRET}'")
    put(tmp_path, "lib/client.ts", f"{MAKES}export const db = createClient('u', 'k', {{ auth: window.x }})")
    found = judged(tmp_path)
    assert found["CONF-01"].verdict is Verdict.VIOLATED
    assert found["CONF-04"].verdict is Verdict.VIOLATED
    fix = found["CONF-01"].offences[0].fix + found["CONF-04"].offences[0].fix
    assert all(line.startswith("--") for line in fix.splitlines())
    assert "\x1b" not in fix and "‮" not in fix


@pytest.mark.parametrize("key", [SECRET, TOKEN], ids=["secret", "token"])
def test_no_key_is_told(tmp_path: Path, key: str) -> None:
    put(tmp_path, f"public/{key[:120]}.js", f"const key = '{key}'")
    put(tmp_path, ".env.local", f"NEXT_PUBLIC_X={key}\nVITE_{key.upper().replace('.', '_').replace('-', '_')}={key}\n")
    put(tmp_path, "supabase/config.toml", f'[auth]\njwt_expiry = "{key}"\n["{key}".x]\n')
    client(
        tmp_path, f"{{ auth: {{ flowType: '{key}', persistSession: x['{key}'] }} }}", f"import {{ x }} from './{key}'"
    )
    put(
        tmp_path,
        f"lib/{key[:100]}/server.ts",
        f"import 'server-only'\n{MAKES}createClient('u', '{key}', {{ auth: 1 }})",
    )
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    found = judged(tmp_path)
    assert found["CONF-04"].verdict is Verdict.VIOLATED
    text = "".join(map(told, found.values())) + "".join(repr(ruling.offences) for ruling in found.values())
    assert key not in text
    pieces = [key[start : start + 20] for start in range(10, len(key) - 20)]
    assert [piece for piece in pieces if piece in text] == []


# --- git


def test_what_git_tracks_is_told_from_what_it_does_not(tmp_path: Path) -> None:
    app = tmp_path / "apps" / "web"
    put(app, "scripts/tracked.sh", SECRET)
    put(app, "scripts/gone.sh", SECRET)
    put(app, "scripts/local.sh", SECRET)
    put(tmp_path, "other/elsewhere.sh", SECRET)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "apps/web/scripts/tracked.sh", "apps/web/scripts/gone.sh", "other")
    (app / "scripts/gone.sh").unlink()
    found = judged(app)["CONF-04"]
    assert {str(each.location) for each in found.offences} == {"scripts/tracked.sh:1", "scripts/gone.sh:1"}


def test_without_a_repository_nobody_knows_what_is_tracked(tmp_path: Path) -> None:
    put(tmp_path, ".env", f"SUPABASE_SERVICE_ROLE_KEY={SECRET}")
    assert judged(tmp_path)["CONF-04"].verdict is Verdict.HOLDS
    put(tmp_path, "lib/admin.ts", f"import 'server-only'\nexport const key = '{SECRET}'")
    found = judged(tmp_path)["CONF-04"]
    assert found.verdict is Verdict.UNCHECKED
    assert found.reason.startswith("lib/admin.ts:2: a secret key of Supabase stands here")


def test_a_repository_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    put(tmp_path, ".git", "gitdir: /nowhere\n")
    put(tmp_path, "a.txt", "x")
    assert judged(tmp_path)["CONF-04"].verdict is Verdict.UNCHECKED


def test_a_repository_runs_nothing(tmp_path: Path) -> None:
    mark, program = tmp_path / "mark", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    app = tmp_path / "app"
    put(app, "a.txt", SECRET)
    git(tmp_path, "init", "--quiet", "app")
    git(app, "add", "--all")
    with (app / ".git/config").open("a") as config:
        for line in (
            f"[core]\n\tfsmonitor = {program}\n\thooksPath = {tmp_path}\n\tpager = {program}\n"
            f"\tworktree = {tmp_path}\n\tuntrackedCache = true\n",
            f'[filter "x"]\n\tclean = {program}\n\tsmudge = {program}\n\tprocess = {program}\n',
            f"[alias]\n\tls-files = !{program}\n",
        ):
            config.write(line)
    put(app, ".gitattributes", "* filter=x\n")
    assert judged(app)["CONF-04"].verdict is Verdict.VIOLATED
    assert not mark.exists()


# --- Settings of other tools


@pytest.mark.parametrize(
    "content", ["[]", "null", "{", '{"name": 1, "dependencies": [], "exports": 7}', '"x"', "{" * 5_000]
)
def test_settings_of_tools_may_be_anything(tmp_path: Path, content: str) -> None:
    for name in ("package.json", "tsconfig.json", "deno.json", "lib/package.json"):
        put(tmp_path, name, content)
    client(tmp_path, f"{{ {GOOD} }}")
    assert judged(tmp_path)["CONF-01"].verdict is Verdict.HOLDS


def test_settings_may_go_in_circles(tmp_path: Path) -> None:
    put(
        tmp_path,
        "tsconfig.json",
        '{"extends": "./b.json", "compilerOptions": {"paths": {"*": ["../../../*"], "@x": 1}}}',
    )
    put(tmp_path, "b.json", '{"extends": ["./tsconfig.json", "./b"]}')
    client(tmp_path, f"{{ {GOOD} }}", "import x from '@x'; import y from '../../../../etc/passwd'")
    assert judged(tmp_path)["CONF-01"].verdict is Verdict.HOLDS


TOKENS = {
    "": Verdict.HOLDS,
    "[auth]\njwt_expiry = 299": Verdict.VIOLATED,
    "[auth]\njwt_expiry = 604801": Verdict.VIOLATED,
    "[auth]\njwt_expiry = nan": Verdict.VIOLATED,
    "[auth]\njwt_expiry = true": Verdict.VIOLATED,
    "[auth]\njwt_expiry = []": Verdict.VIOLATED,
    '[auth]\njwt_expiry = "env(JWT_EXPIRY)"': Verdict.UNCHECKED,
    '[auth]\njwt_expiry = "3600"': Verdict.HOLDS,
    '[auth]\nenable_refresh_token_rotation = "env(ROTATE)"': Verdict.UNCHECKED,
    '[auth]\nenable_refresh_token_rotation = "false"': Verdict.VIOLATED,
    "[auth]\nenable_refresh_token_rotation = 0": Verdict.VIOLATED,
    "[auth]\nenabled = false\njwt_expiry = 1": Verdict.NOT_APPLICABLE,
    "auth = 3": Verdict.NOT_APPLICABLE,
    "[remotes.a.auth]\njwt_expiry = 1": Verdict.VIOLATED,
    "[auth": Verdict.UNCHECKED,
    "a = " + "[" * 5_000: Verdict.UNCHECKED,
    "# " + "x" * 300_000: Verdict.UNCHECKED,
}


@pytest.mark.parametrize(("text", "verdict"), TOKENS.items(), ids=range(len(TOKENS)))
def test_settings_of_tokens(tmp_path: Path, text: str, verdict: Verdict) -> None:
    put(tmp_path, "apps/web/supabase/config.toml", text)
    found = judged(tmp_path)["CONF-03"]
    assert found.verdict is verdict, told(found)
    if verdict is Verdict.UNCHECKED:
        assert "apps/web/supabase/config.toml" in found.reason


def test_an_application_is_read_once(tmp_path: Path) -> None:
    client(tmp_path, f"{{ {GOOD} }}")
    findings = read(tmp_path)
    assert {ruled(name, findings).verdict for name in POLICIES} <= {Verdict.HOLDS, Verdict.NOT_APPLICABLE}
    assert findings.keys is findings.keys
