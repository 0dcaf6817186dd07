"""Situations that bit real people, and hazards that eugene's and squawk's documents list: each with a good form."""

from __future__ import annotations

import pytest

from tests.gate.conftest import Told

# Files after the base, what must be found (policy, line, part of the object), for the bad form and none for the good.


CASES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, int, str], ...]]] = {
    # M01
    "lock-timeout": (("alter table private.parcels add column n text;",), (("MIG-07", 1, "require-lock-timeout"),)),
    "lock-timeout-good": (("set lock_timeout = '3s';\nalter table private.parcels add column n text;",), ()),
    # M02
    "enum-used-at-once": (
        (
            "alter type private.kind add value 'lost';\n"
            "update private.stops set kind = 'lost' where place is null;\n"
            "alter table private.stops alter column kind set default 'lost';",
        ),
        (("MIG-01", 2, "new.sql"),),
    ),
    "enum-used-later": (
        (
            "alter type private.kind add value 'lost';",
            "set lock_timeout = '3s';\nalter table private.stops alter column kind set default 'lost';",
        ),
        (),
    ),
    # M03
    "concurrently-among-others": (
        (
            "set lock_timeout = '3s';\nalter table private.parcels add column port text;\n"
            "create index concurrently parcels_port on private.parcels (port);",
        ),
        (("MIG-07", 3, "alone-among-others"),),
    ),
    "concurrently-alone": (
        (
            "set lock_timeout = '3s';\nalter table private.parcels add column port text;",
            "create index concurrently parcels_port on private.parcels (port);",
        ),
        (),
    ),
    # M07
    "rename-used-in-a-trigger": (
        (
            "set lock_timeout = '3s';\ncreate function private.weigh() returns trigger language plpgsql as $$ begin "
            "new.weight := greatest(new.weight, 0); return new; end $$;\n"
            "create trigger weigh before insert on private.parcels for each row execute function private.weigh();\n"
            "alter table private.parcels rename column weight to tons;",
        ),
        (("MIG-07", 4, "used-in-function: function private.weigh()"), ("MIG-07", 4, "renaming-column")),
    ),
    # M08
    "foreign-key-at-once": (
        (
            "set lock_timeout = '3s';\n"
            "alter table private.labels add constraint f foreign key (parcel_id) references private.parcels (id);",
        ),
        (
            ("MIG-04", 2, "private.labels"),
            ("MIG-04", 2, "private.parcels"),
            ("MIG-07", 2, "adding-foreign-key-constraint"),
            ("MIG-07", 2, "constraint-missing-not-valid"),
        ),
    ),
    "foreign-key-in-two-steps": (
        (
            "set lock_timeout = '3s';\n"
            "alter table private.parcels add constraint f foreign key (member_id) references auth.users not valid;",
            "set lock_timeout = '3s';\nalter table private.parcels validate constraint f;",
        ),
        (),
    ),
    "long-read-in-a-block": (
        (
            "set lock_timeout = '3s';\nalter table private.parcels add column n text;\n"
            "do $$ begin perform count(*) from private.stops; end $$;",
        ),
        (("MIG-04", 3, "reads all rows of private.stops"),),
    ),
    "small-read": (
        (
            "set lock_timeout = '3s';\nalter table private.parcels add column n text;\n"
            "select place from private.stops where id = 5;\nselect 1;",
        ),
        (),
    ),
}


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_a_hazard_is_told_and_its_good_form_is_not(
    told: Told, files: tuple[str, ...], expected: tuple[tuple[str, int, str], ...]
) -> None:
    found = [(each.policy, each.location.line if each.location else 0, each.object) for each in told(*files)]
    for policy, line, what in expected:
        assert any(each[:2] == (policy, line) and what in each[2] for each in found), found
    unexpected = [
        each for each in found if not any(each[:2] == (p, line) and what in each[2] for p, line, what in expected)
    ]
    assert unexpected == []


def test_foreign_keys_on_made_up_values_are_no_failure(told: Told) -> None:
    """A column that was filled with anything gets values that are there, before a file makes it a foreign key."""
    found = told(
        "set lock_timeout = '3s';\n"
        "alter table private.parcels add constraint f foreign key (member_id) references auth.users (id) not valid;\n",
        "set lock_timeout = '3s';\nalter table private.parcels validate constraint f;\n",
    )
    assert [each.object for each in found if each.policy in ("MIG-01", "MIG-03")] == []
