"""Ways of writing a client's options, as they are found in projects: each judged rightly, or said not to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.results import Verdict
from tests.support.applications import judged, unpacked

STYLES = sorted((Path(__file__).parent / "styles").iterdir())
_EXPECTED = re.compile(r"^// @expect: (CONF-\d\d) (\w+)(?: ([^\s:]+)(?::(\d+))?)?(?: (\w+))?$", re.MULTILINE)


def test_there_are_many() -> None:
    texts = [style.read_text(encoding="utf-8") for style in STYLES]
    verdicts = {verdict: sum(f" {verdict}" in text for text in texts) for verdict in Verdict}
    assert len(STYLES) >= 60
    assert min(verdicts[Verdict.HOLDS], verdicts[Verdict.VIOLATED], verdicts[Verdict.UNCHECKED]) >= 12


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.stem)
def test_a_style_is_judged_rightly(style: Path, tmp_path: Path) -> None:
    text = style.read_text(encoding="utf-8")
    expected: dict[str, list[tuple[str, str, str, str]]] = {}
    for policy, *rest in _EXPECTED.findall(text):
        expected.setdefault(policy, []).append((rest[0], rest[1], rest[2], rest[3]))
    assert expected, "a style says what is expected of it"
    found = judged(unpacked(text, tmp_path), *expected)
    for policy, wanted in expected.items():
        ruling = found[policy]
        told = f"{policy} {ruling.verdict} {ruling.reason} {ruling.offences}"
        assert {ruling.verdict.value} == {verdict for verdict, *_ in wanted}, told
        if ruling.verdict is Verdict.VIOLATED:
            places = {
                (str(each.location), str(each.details["setting"]))
                for each in ruling.offences
                if each.location is not None
            }
            assert places == {(f"{file}:{line}", setting) for _, file, line, setting in wanted}, told
        if ruling.verdict is Verdict.UNCHECKED:
            for _, file, line, _ in wanted:
                assert f"{file}:{line}" in ruling.reason, told
                assert re.match(r"[\w./+-]+:\d+: ", ruling.reason), told
