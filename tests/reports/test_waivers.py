"""Waivers: what is accepted, what ends the run, and which findings they cover."""

import datetime as dt
from dataclasses import replace

import pytest

from audit.policy import Severity
from audit.results import Verdict
from reports.model import Finding, Result, Waiver
from reports.waivers import WaiverError, apply, declared, load, unused

KNOWN = {"AUTH-01", "PERF-04"}
TODAY = dt.date(2026, 11, 23)

GOOD = """
[[waiver]]
policy = "PERF-04"
object = "public.help_requests.*"
reason = "built in the next window"
owner = "Database administrator"
expires = 2026-11-23
"""

WAIVER = Waiver("PERF-04", "public.help_requests.*", "built in the next window", "Database administrator", TODAY, 2)


@pytest.fixture
def waivers_file(tmp_path):
    def write(text):
        path = tmp_path / "waivers.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_waiver_is_read_with_its_line(waivers_file):
    assert load(waivers_file(GOOD), KNOWN) == (WAIVER,)


def test_an_empty_file_holds_no_waivers(waivers_file):
    assert load(waivers_file("# nothing is accepted\n"), KNOWN) == ()


def test_headers_in_strings_and_comments_do_not_shift_the_lines(waivers_file):
    tricky = GOOD.replace('"built in the next window"', '"""\n[[waiver]]\n# [[waiver]]\n"""')
    text = f"# [[waiver]]\n{tricky}\n  [[ waiver ]] # the second\n" + GOOD.partition("]]\n")[2]
    found = load(waivers_file(text), KNOWN)
    assert [text.splitlines()[waiver.line - 1] for waiver in found] == ["[[waiver]]", "  [[ waiver ]] # the second"]
    assert found[0].line == 3


def test_an_inline_array_is_read_too(waivers_file):
    fields = ", ".join(GOOD.strip().splitlines()[1:])
    assert [waiver.line for waiver in load(waivers_file(f"\nwaiver = [{{{fields}}}]\n"), KNOWN)] == [2]


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(waivers_file):
    text = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert load(waivers_file(text), KNOWN) == (WAIVER,)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (GOOD + 'tickt = "OPS-1"\n', 8, "unknown key 'tickt' in waiver.0; the keys are expires"),
        (GOOD + 'expire = "never"\n', 8, "unknown key 'expire' in waiver.0; did you mean 'expires'?"),
        (GOOD.replace("owner", "# owner"), 2, "'owner' is missing"),
        (GOOD.replace('"built in the next window"', '"  "'), 5, "waiver.0.reason must be text"),
        (GOOD.replace('"Database administrator"', '""'), 6, "waiver.0.owner must be text"),
        (GOOD.replace('"Database administrator"', "7"), 6, "waiver.0.owner must be a string"),
        (GOOD.replace("2026-11-23", '"2026-11-23"'), 7, "waiver.0.expires must be a date"),
        (GOOD.replace("2026-11-23", "2026-11-23T10:00:00"), 7, "waiver.0.expires must be a date"),
        (GOOD.replace("2026-11-23", "2026-02-30"), 7, "not valid TOML"),
        (GOOD.replace("PERF-04", "PERF-99"), 3, "no policy 'PERF-99'"),
        (GOOD.replace("PERF-04", "\\u001b[31mX"), 3, "no policy '"),
        (GOOD + GOOD.replace("PERF-04", "PERF-99"), 10, "no policy 'PERF-99'"),
        (GOOD + "[[waivers]]\n", 8, "unknown key 'waivers'; did you mean 'waiver'?"),
        ("waiver = 1\n", 1, "a list of tables, each under [[waiver]]"),
        ("[waiver]\n", 1, "a list of tables, each under [[waiver]]"),
        (GOOD + "oops\n", 8, "not valid TOML"),
        (GOOD + 'note = """\n', 8, "not valid TOML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(waivers_file, text, line, says):
    path = waivers_file(text)
    with pytest.raises(WaiverError) as error:
        load(path, KNOWN)
    message = str(error.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert says in message
    assert message.isprintable()


def test_a_file_that_is_not_text_is_told(waivers_file, tmp_path):
    with pytest.raises(WaiverError, match="not UTF-8"):
        load(waivers_file(b"\xff\xfe\x00"), KNOWN)
    with pytest.raises(WaiverError, match="cannot be read"):
        load(tmp_path, KNOWN)


def test_known_policies_are_those_of_the_source_text(tmp_path):
    (tmp_path / "test_one.py").write_text('@mark.policy("AUTH-01", severity="P0")\ndef test_x(): ...\n')
    (tmp_path / "test_two.py").write_text('@pytest.mark.policy("PERF-04")\ndef test_y(): ...\nmark.policy(ID)\n')
    assert declared(tmp_path) == KNOWN


FINDING = Finding("PERF-04", "public.help_requests.helper_id")


@pytest.mark.parametrize(
    ("obj", "covers"),
    [
        ("public.help_requests.helper_id", True),
        ("public.help_requests.*", True),
        ("public.*_requests.helper_id", True),
        ("public.help_requests", False),
        ("PUBLIC.HELP_REQUESTS.*", False),
    ],
)
def test_a_waiver_names_its_object_exactly_or_by_pattern(obj, covers):
    (finding,) = apply([FINDING], [replace(WAIVER, object=obj)], TODAY)
    assert finding.waived is covers


def test_an_object_with_brackets_can_be_named_exactly():
    finding = Finding("PERF-04", 'public."odd[1]"')
    assert apply([finding], [replace(WAIVER, object=finding.object)], TODAY)[0].waived


def test_a_waiver_counts_on_its_last_day_and_not_after():
    tomorrow = TODAY + dt.timedelta(days=1)
    assert apply([FINDING], [WAIVER], TODAY)[0].waived
    (finding,) = apply([FINDING], [WAIVER], tomorrow)
    assert not finding.waived and finding.waiver_expired and finding.waiver == WAIVER


def test_a_valid_waiver_goes_before_an_expired_one():
    old = replace(WAIVER, expires=TODAY - dt.timedelta(days=9))
    assert apply([FINDING], [old, WAIVER], TODAY)[0].waived


def test_a_waiver_of_another_policy_covers_nothing():
    assert apply([FINDING], [replace(WAIVER, policy="AUTH-01")], TODAY) == (FINDING,)


def result(verdict, *findings):
    return Result("PERF-04", "test_x", Severity.P2, "t", "", "5", verdict, findings=findings)


@pytest.mark.parametrize(
    ("results", "is_unused"),
    [
        ([result(Verdict.HOLDS)], True),
        ([result(Verdict.VIOLATED, Finding("PERF-04", "public.messages.sender_id"))], True),
        ([result(Verdict.VIOLATED, FINDING)], False),
        ([result(Verdict.WAIVED, FINDING)], False),
        ([result(Verdict.UNCHECKED)], False),
        ([result(Verdict.NOT_APPLICABLE)], False),
        ([], False),
    ],
)
def test_a_waiver_is_unused_only_when_its_policy_was_judged(results, is_unused):
    assert unused([WAIVER], results) == ((WAIVER,) if is_unused else ())
