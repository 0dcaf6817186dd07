"""What hands rows to somebody outside is read in the code of triggers, statements and jobs."""

from __future__ import annotations

import pytest

from audit.gate.outward import SENDING, sent_at_once, sent_by_change
from audit.gate.results import Change, Entry

SENT = [
    "begin perform net.http_post(url := 'https://x', body := to_jsonb(new)); return new; end",
    "declare payload jsonb; begin payload := jsonb_build_object('record', row_to_json(new)); "
    "perform net.http_post('https://x', payload); return new; end",
    "declare payload jsonb := to_jsonb(new); begin perform net.http_post('https://x', payload, '{}'::jsonb); end",
    "declare p text; begin select new.phone into p; perform extensions.http_post('https://x', p, 'text/plain'); end",
    "begin perform pg_notify('rows', row_to_json(new)::text); return new; end",
    "begin perform realtime.send(to_jsonb(new), 'insert', 'room', false); return null; end",
    "begin perform dblink_exec('host=x', format('insert into t values (%L)', new.phone)); return new; end",
    "begin execute 'select net.http_post($1, $2)' using 'https://x', to_jsonb(new); return new; end",
    'begin perform "net"."http_post"(\'https://x\', to_jsonb(old)); return old; end',
    "begin perform net.http_post('https://x', (select jsonb_agg(m) from public.members m)); return new; end",
    "begin perform public.post(to_jsonb(new)); return new; end",
    f"begin perform {'('.join(['abs'] * 3000)}({')' * 3000}; perform net.http_post('x', to_jsonb(new)); end",
]
KEPT = [
    "begin perform net.http_post(url := 'https://x', body := jsonb_build_object('id', new.id)); return new; end",
    "begin if new.status <> old.status then perform net.http_post('https://x', '{}'::jsonb); end if; end",
    "declare payload jsonb := '{}'; begin perform net.http_post('https://x', payload); return new; end",
    "declare u text; begin select decrypted_secret into u from vault.decrypted_secrets where name = 'hook'; "
    "perform net.http_post(u, jsonb_build_object('id', new.member_id)); return new; end",
    "begin perform pg_notify('rows', new.id::text); return new; end",
    "begin perform realtime.send(to_jsonb(new), 'insert', 'room', true); return null; end",
    "begin perform realtime.send(to_jsonb(new), 'insert', 'room'); return null; end",
    "begin new.remark := 'see net.http_post'; return new; end",
    "begin insert into public.log values (to_jsonb(new)); return new; end",
    "begin perform public.keep(to_jsonb(new)); return new; end",
]
HELPERS = {
    "f8": Entry("function", "public.post(jsonb)", {"_name": "post", "_body": "select public.really_post($1)"}),
    "f9": Entry("function", "public.really_post(jsonb)", {"_name": "really_post", "_body": "select net.http_post($1)"}),
    "f11": Entry("function", "public.post(text)", {"_name": "post", "_body": "select 1"}),
    "f10": Entry("function", "public.keep(jsonb)", {"_name": "keep", "_body": "insert into public.log values ($1)"}),
}


def sent(body: str, *, changed: str = "trigger", before: str | None = None) -> list[tuple[str, str]]:
    """Return what hands on rows once a trigger is new that calls a function, or that function has a new body."""
    function = Entry("function", "public.f()", {"_name": "f", "_body": body})
    trigger = Entry("trigger", "t of public.members", {"_function": 7, "enabled": "O"})
    was = Entry("function", "public.f()", {"_name": "f", "_body": before}) if before else None
    key, entry = ("t1", trigger) if changed == "trigger" else ("f7", function)
    change = Change("changed" if was else "created", changed, entry.title, "", key, was, entry)
    return [*sent_by_change(change, {"f7": function, "t1": trigger, **HELPERS})]


@pytest.mark.parametrize("body", SENT)
def test_rows_that_leave_are_told(body: str) -> None:
    ((what, by),) = sent(body)
    assert what == "trigger t of public.members"
    assert by in SENDING | {"post"}
    assert sent(body, changed="function", before="begin return new; end") == [(what, by)]


@pytest.mark.parametrize("body", KEPT)
def test_what_stays_and_what_is_a_key_is_silent(body: str) -> None:
    assert not sent(body)


def test_a_webhook_is_told_and_one_that_is_switched_off_is_not() -> None:
    hook = Entry("function", "supabase_functions.http_request()", {"_name": "http_request", "_body": ""})
    for enabled, told in (("O", True), ("D", False)):
        trigger = Entry("trigger", "t of public.members", {"_function": 7, "enabled": enabled})
        change = Change("created", "trigger", trigger.title, "", "t1", None, trigger)
        assert bool([*sent_by_change(change, {"f7": hook})]) is told


def test_statements_and_the_commands_of_jobs_are_read() -> None:
    job = "select cron.schedule('n', '* * * * *', $$ select net.http_post('https://x', {}) $$)"
    assert sent_at_once(job.format("(select jsonb_agg(m) from public.members m)")) == "http_post"
    assert not sent_at_once(job.format("jsonb_build_object('at', now())"))
    assert not sent_at_once(job.format("(select decrypted_secret::jsonb from vault.decrypted_secrets)"))
