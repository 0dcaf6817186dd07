"""Of rows below what is somebody else's, what is to be mended is named as a whole."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from audit.probes.parents import Hung, _rows
from tests.seeding.test_seeds import new_database, platform, platform_database

__all__ = ["new_database", "platform", "platform_database"]


@pytest.mark.parametrize(
    ("grants", "policies"),
    [
        ("", "adds, changes"),
        # What cannot be moved is not to be kept from being moved.
        (
            "revoke update on public.tasks from authenticated; grant update (words) on public.tasks to authenticated",
            "adds",
        ),
    ],
)
def test_whoever_may_not_add_a_row_there_is_not_to_move_one_there(
    platform: psycopg.Connection[Any], grants: str, policies: str
) -> None:
    platform.execute(
        "create table public.projects (id bigint primary key, owner uuid not null);"
        "create table public.tasks (id bigint primary key, owner uuid not null, words text,"
        " project bigint not null references public.projects); alter table public.tasks enable row level security;"
        "create policy sees on public.tasks for select to authenticated using (owner = (select auth.uid()));"
        "create policy adds on public.tasks for insert to authenticated with check (owner = (select auth.uid()));"
        "create policy changes on public.tasks for update to authenticated using (owner = (select auth.uid()));"
        "create policy moves on public.tasks for update to service_role using (true);"
        "grant all on public.tasks to authenticated;" + grants
    )
    hung = Hung("public.tasks", "project", "public.projects", "", "insert", blocked=False)
    (row,) = _rows(platform.cursor(), {("public.tasks", "project"): {"alice": hung}})
    assert row.details["policies"] == policies
    assert row.cause is not None and row.cause.name == "adds on public.tasks"
