"""Controls of published frameworks: what the file names exists, and a run says the worst that its policies say."""

from __future__ import annotations

import tomllib

from audit.policy import everything
from audit.results import Verdict
from reports import controls
from tests.support import samples


def test_every_policy_is_evidence_for_a_control_or_named_as_none():
    none = tomllib.loads(controls.FILE.read_text(encoding="utf-8"))["none"]
    ids = [policy.id for policy in everything()]
    assert set(none) <= set(ids)
    assert [each for each in ids if not controls.of(each)] == [each for each in ids if each in none]


def test_every_name_in_the_file_is_one():
    ids = {policy.id for policy in everything()}
    areas = {each.partition("-")[0] for each in ids}
    for framework in controls.frameworks():
        assert framework.edition and framework.source.startswith("https://") and framework.not_covered.endswith(".")
        assert len({control.id for control in framework.controls}) == len(framework.controls)
        for control in framework.controls:
            assert control.policies and set(control.policies) <= ids | areas, control.id


def test_a_control_says_the_worst_that_its_policies_say():
    run = samples.quiet(
        results=(
            samples.result("RLS-01", Verdict.HOLDS),
            samples.result("RLS-02", Verdict.UNCHECKED),
            samples.result("MAINT-05", Verdict.VIOLATED),
        )
    )
    found = {(each.name, one.id): one for each in controls.judged(run) for one in each.controls}
    rls, archive = found["CIS PostgreSQL Benchmark", "4.7"], found["CIS PostgreSQL Benchmark", "7.4"]
    assert (rls.verdict, rls.told) == (Verdict.UNCHECKED, "1 unchecked, 1 holds")
    assert (archive.verdict, archive.told) == (Verdict.VIOLATED, "1 violated")
    assert found["OWASP ASVS", "9.2.1"].told == "no policy was asked"
