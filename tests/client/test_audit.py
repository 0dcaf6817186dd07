"""An audit with an application beside the database, as a person runs it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reports.folder import OUTPUTS
from tests.client.test_hostile import SECRET, TOKEN, put
from tests.support.auditing import audit
from tests.support.proving import APPLICATION

ASKED = ("-k", "CONF-01 or CONF-02 or CONF-03 or CONF-04", "--no-history")


def test_without_an_application_there_is_nothing_to_judge(tmp_path: Path) -> None:
    outcome = audit(tmp_path, *ASKED)
    assert outcome.having("NOT_APPLICABLE") == {"CONF-01", "CONF-02", "CONF-03", "CONF-04"}
    assert {policy["reason"] for policy in outcome.policies.values()} == {
        "no application is given: --app=DIR names its folder"
    }


def test_the_references_application_is_in_order(tmp_path: Path) -> None:
    outcome = audit(tmp_path, *ASKED, f"--app={APPLICATION}")
    assert outcome.having("HOLDS") == {"CONF-01", "CONF-02", "CONF-03", "CONF-04"}
    assert outcome.status == 0
    assert f"application: {APPLICATION}" in outcome.said


def test_findings_have_file_and_line_and_no_report_has_a_key(tmp_path: Path) -> None:
    app = tmp_path / "app"
    shutil.copytree(APPLICATION, app)
    put(app, "lib/supabase/client.ts", "import { createBrowserClient } from '@supabase/ssr'\n\n"
        "export const db = createBrowserClient('u', 'k', {\n  auth: { persistSession: false },\n})\n")  # fmt: skip
    put(app, "lib/supabase/server.ts", "import 'server-only'\nimport {createClient as m} from '@supabase/supabase-js'\n"
        "export const db = m('u', 'k', {\n  auth: { persistSession: process.env.K === 'yes' } })\n")  # fmt: skip
    put(app, f"public/{TOKEN[:100]}.js", f"export const keys = ['{SECRET}',\n '{TOKEN}']\n")
    outcome = audit(tmp_path, *ASKED, f"--app={app}", f"--output={','.join(OUTPUTS)}")
    assert outcome.status == 1
    assert outcome.having("VIOLATED") == {"CONF-01", "CONF-02", "CONF-04"}
    (finding,) = outcome.policies["CONF-01"]["findings"]
    assert finding["object"] == "lib/supabase/client.ts db: persistSession"
    assert "lib/supabase/client.ts:4" in outcome.said
    results = json.loads((tmp_path / "audit.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in results if each["ruleId"] == "CONF-01"]
    assert [(each["artifactLocation"]["uri"], each["region"]["startLine"]) for each in places] == [
        ("lib/supabase/client.ts", 4)
    ]
    told = outcome.said + "".join((tmp_path / name).read_text(encoding="utf-8") for name in OUTPUTS.values())
    for key in (SECRET, TOKEN):
        assert [key[at : at + 20] for at in range(10, len(key) - 20) if key[at : at + 20] in told] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--app=/nowhere/at all",), "--app: there is no folder /nowhere/at all"),
        (("--app=.", "--gate", "--since-version=1"), "--app is for an audit: a gate judges new migrations alone"),
    ],
)
def test_an_option_that_is_of_no_use_gets_one_sentence(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    outcome = audit(tmp_path, *options)
    assert outcome.status == 4
    assert f"ERROR: {said}" in outcome.said
