"""audit.toml and access.toml: what they say is what counts, and a mistake ends the run with one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures import access, settings

ROOT = Path(__file__).parents[1]


def test_audit_toml_shows_every_setting_with_its_default(tmp_path):
    shown = tmp_path / "audit.toml"
    text = (ROOT / "audit.toml").read_text(encoding="utf-8")
    shown.write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE), encoding="utf-8")
    assert settings.load(shown) == settings.Settings()
    for name in (*vars(settings.Settings()), *vars(settings.Thresholds())):
        assert f"{name} = " in text or name in ("thresholds", "linter"), f"audit.toml does not show {name}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("threshold = 3", "audit.toml: unknown key 'threshold'"),
        ("[thresholds]\nslow_ms = 3", "audit.toml, thresholds: unknown key 'slow_ms'"),
        ("[thresholds]\ndead_rows = 'many'", "audit.toml, thresholds: dead_rows must be a whole number"),
        ("[thresholds]\ndead_rows = -1", "audit.toml, thresholds: dead_rows must not be negative"),
        ("[thresholds]\ndead_rows = true", "audit.toml, thresholds: dead_rows must be a whole number"),
        ("thresholds = 3", "audit.toml: thresholds must be a table"),
        ("api_roles = 'anon'", "audit.toml: api_roles must be a list of strings"),
        ("api_roles = ['anon', 3]", "audit.toml: api_roles must be a list of strings"),
        ("expected_role = 'replica'", "audit.toml: expected_role must be 'primary' or 'standby'"),
        ("api_roles = [", "audit.toml cannot be read"),
    ],
)
def test_a_mistake_in_audit_toml_is_named(tmp_path, text, sentence):
    path = tmp_path / "audit.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(sentence)) as raised:
        settings.load(path)
    assert "\n" not in str(raised.value)


def test_settings_are_parameters_of_questions(tmp_path):
    path = tmp_path / "audit.toml"
    path.write_text("exposed_schemas = ['api']\n[thresholds]\ndead_rows = 7", encoding="utf-8")
    parameters = settings.load(path).parameters()
    assert parameters["exposed_schemas"] == ["api"]
    assert parameters["dead_rows"] == 7
    assert parameters["lock_timeout_ms"] == 100


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[table.'public.t']\npublic = true", "access.toml: unknown key 'table'"),
        ("[tables.'public.t']\npubic = true", "access.toml: tables.public.t: unknown key 'pubic'"),
        ("[tables.'public.t']\npublic = 'yes'", "access.toml: tables.public.t.public must be true or false"),
        ("tables = 3", "access.toml: tables must be tables"),
        ("[buckets.b]\nprivate = true", "access.toml: buckets.b: unknown key 'private'"),
        ("claims = 3", "access.toml: claims must say whose"),
        ("[claims]\nadmin = 'root'", "access.toml: claims must say whose"),
        ("[claims]\neve = {}", "access.toml: claims: unknown actor 'eve'"),
        ("[claims]\nbob = {since = 2020-01-01}", "access.toml: claims.bob must be texts, numbers, lists and the like"),
    ],
)
def test_a_mistake_in_access_toml_is_named(tmp_path, text, sentence):
    path = tmp_path / "access.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(sentence)):
        access.load(path)


def test_access_toml_declares(tmp_path):
    path = tmp_path / "access.toml"
    path.write_text(
        "[tables.'public.news']\npublic = true\n[tables.'public.jobs']\nserver_only = true\n"
        "[functions.'public.ping()']\npublic = true\n[functions.'public.mine()']\ncallers = ['members', 'bob']\n"
        "[buckets.avatars]\npublic = true\n"
        "[claims]\nmembers = { plan = 'free', team = 1 }\nbob = { plan = 'paid' }",
        encoding="utf-8",
    )
    declared = access.load(path).parameters()
    assert set(declared.pop("declared")) == {"public.news", "public.jobs"}
    assert declared == {
        "public_tables": ["public.news"],
        "server_only_tables": ["public.jobs"],
        "private_tables": [],
        "public_functions": ["public.ping()"],
        "public_buckets": ["avatars"],
        "callers": {"public.mine()": ("alice", "bob", "stranger")},
        "claims": {
            "alice": {"plan": "free", "team": 1},
            "bob": {"plan": "paid", "team": 1},
            "stranger": {"plan": "free", "team": 1},
        },
    }


@pytest.mark.parametrize(
    ("callers", "sentence"),
    [("['people']", "access.toml, line 2: unknown actor 'people'"), ("'alice'", "line 2: callers must be a list")],
)
def test_callers_are_actors(tmp_path, callers, sentence):
    path = tmp_path / "access.toml"
    path.write_text(f"[functions.'public.mine()']\ncallers = {callers}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        access.load(path)
