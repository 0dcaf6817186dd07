"""Runbook 1: authentication and user registration."""

import json

from pytest import mark

from audit.probes.erasure import remains

RUNBOOK = "1. Authentication & User Registration"

REGISTRATION = """
create or replace function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $registration$
begin
  insert into public.profiles (id, name, verification_status)
  values (new.id, coalesce(
    case when new.raw_user_meta_data ->> 'name' !~ '@'
         then nullif(left(trim(new.raw_user_meta_data ->> 'name'), 100), '') end, 'New member'), 'pending')
  on conflict (id) do nothing;
  return new;
end $registration$;
revoke execute on function public.handle_new_user() from public, anon, authenticated;
drop trigger if exists on_auth_user_created on auth.users;
create trigger on_auth_user_created after insert on auth.users
for each row execute function public.handle_new_user();
"""

SIGN_UP = "insert into auth.users (id, email, raw_user_meta_data) values (%(new)s, 'new.member@example.org', %(data)s)"

NEW = "00000000-0000-4000-8000-00000000aaaa"


@mark.policy(
    "AUTH-01",
    severity="P0",
    runbook=RUNBOOK,
    fix="insert into public.profiles (id, name) select id, 'New member' from auth.users where id = {object};",
)
def test_every_user_has_a_profile(auditor):
    """Every row of auth.users has its row in public.profiles.

    A user without one is signed in and can do nothing: the dashboard cannot load. The runbook's own repair copies the
    e-mail address into the public display name; this one does not.
    """
    assert not auditor(
        """
        select u.id as object, u.created_at as since
        from auth.users u
        where not exists (select from public.profiles p where p.id = u.id)
        """,
        of="auth.users",
    )


@mark.policy(
    "AUTH-02",
    severity="P1",
    runbook=RUNBOOK,
    fix="delete from public.profiles where id = {object};",
)
def test_every_profile_belongs_to_a_user(auditor):
    """Every row of public.profiles has its user in auth.users.

    A profile without a user is the personal data of somebody who has left, shown to members and never cleaned up.
    """
    assert not auditor(
        """
        select p.id as object
        from public.profiles p
        where not exists (select from auth.users u where u.id = p.id)
        """,
        of="public.profiles",
    )


@mark.policy("AUTH-03", severity="P0", runbook=RUNBOOK, fix=REGISTRATION)
def test_the_registration_trigger_works(auditor):
    """The trigger on_auth_user_created is on auth.users, after insert, for each row, enabled, with a sound function.

    Sound means that the function exists, runs with its owner's rights (the service that signs people up may not write
    public.profiles) and pins its search_path. The catalogue is asked, not information_schema, which hides tables of
    others and knows nothing of disabled triggers. A project that does without it does not list it in runbook_objects.
    """
    assert not auditor(
        """
        select 'on_auth_user_created on auth.users' as object, problem
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'auth' and c.relname = 'users'
        left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and t.tgname = 'on_auth_user_created'
        left join pg_catalog.pg_proc p on p.oid = t.tgfoid
        cross join lateral (values
            (t.oid is null, 'there is no such trigger'),
            (t.tgenabled not in ('O', 'A'), 'it is disabled'),
            (t.tgtype & 1 = 0, 'it is not for each row'),
            (t.tgtype & 66 <> 0 or t.tgtype & 4 = 0, 'it does not run after insert'),
            (not p.prosecdef, 'its function is not SECURITY DEFINER'),
            (not exists (select from unnest(p.proconfig) as setting where setting like 'search_path=%%'),
             'its function does not pin its search_path')
        ) as found (wrong, problem)
        where wrong and (t.oid is not null or problem like 'there is%%' and %(trigger)s = any (%(runbook_objects)s))
        """,
        of="""
        select count(*) as "trigger that signing up relies on" from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = 'auth' and c.relname = 'users'
        and (%(trigger)s = any (%(runbook_objects)s) or exists (
            select from pg_catalog.pg_trigger t where t.tgrelid = c.oid and t.tgname = 'on_auth_user_created'))
        """,
        trigger="trigger on_auth_user_created on auth.users",
    )


@mark.policy("AUTH-04", severity="P0", runbook=RUNBOOK, fix=REGISTRATION)
def test_signing_up_creates_one_pending_profile(auth_service):
    """Signing up creates exactly one profile, which is pending, whatever name the person gives.

    The trigger runs inside the sign-up: when it fails on an unusual name, the person cannot sign up at all.
    """
    for kind, data in {
        "with a name": '{"name": "Robin Doe"}',
        "without metadata": None,
        "with an empty name": '{"name": ""}',
        "with a name of 300 characters": '{"name": "%s"}' % ("n" * 300),
        "with a quoted name": """{"name": "O'Neil \\"Rob\\"; --"}""",
        "with an emoji name": '{"name": "\N{SUNFLOWER} \N{ZERO WIDTH JOINER}"}',
    }.items():
        assert auth_service(
            SIGN_UP,
            what=f"sign up {kind}",
            then="""
            select from public.profiles where id = %(new)s
            having count(*) = 1 and bool_and(verification_status = 'pending')
            """,
            control="select 1",
            new=NEW,
            data=data,
        )


@mark.policy(
    "AUTH-05",
    severity="P1",
    runbook=RUNBOOK,
    fix="update public.profiles set name = 'New member' where id::text = {object};\n" + REGISTRATION,
)
def test_no_display_name_is_an_email_address(auditor, auth_service):
    """No display name is an e-mail address, and signing up without a name does not make one.

    Display names are shown to every member; the runbook's recovery statement copies the e-mail address into them.
    """
    assert not auditor(
        """
        select p.id as object from public.profiles p
        where p.name ~ '[^[:space:]@]+@[^[:space:]@]+[.][^[:space:]@]+'
        """,
        of="public.profiles",
    )
    assert not auth_service(
        SIGN_UP,
        what="sign up without a name",
        then="select p.id as object from public.profiles p where p.id = %(new)s and p.name like '%%@%%'",
        of="sign-ups",
        new=NEW,
        data="{}",
    )


CHECKS = "public.verify_user_registration_system()"


@mark.policy(
    "AUTH-06",
    severity="P1",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}
    -- Mend what the check names (AUTH-01 and AUTH-03 say how); where the check is wrong, restore its definition.
    """,
)
def test_the_registration_check_agrees(auditor):
    """verify_user_registration_system() exists, reports no failing check, and agrees with AUTH-01 and AUTH-03.

    Operators call it first. A check that always says "fine" is worse than none.
    """
    assert not auditor(
        """
        select %(checks)s as object, 'there is no such function' as problem
        where not exists (
            select from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname = 'public' and p.proname = 'verify_user_registration_system' and p.pronargs = 0)
        and 'function ' || %(checks)s = any (%(runbook_objects)s)
        """,
        of="select 1 as function",
        checks=CHECKS,
    )
    assert not auditor(
        """
        with checks as (
            select check_name::text as check_name,
                   status::text !~* '^[^[:alnum:]]*(pass|ok|good|healthy|active|enabled|success|true|secure)' as failing
            from public.verify_user_registration_system()
        )
        select %(checks)s as object, 'it reports a failing check' as problem, check_name from checks
        where failing is not false
        union all
        select %(checks)s, 'it reports no failing check although a user has no profile', null
        where not exists (select from checks where failing is not false)
        and exists (select from auth.users u where not exists (select from public.profiles p where p.id = u.id))
        union all
        select %(checks)s, 'it reports no failing check although the registration trigger is not active', null
        where not exists (select from checks where failing is not false)
        and not exists (
            select from pg_catalog.pg_trigger t
            join pg_catalog.pg_class c on c.oid = t.tgrelid
            join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'auth' and c.relname = 'users' and t.tgname = 'on_auth_user_created'
            and t.tgenabled in ('O', 'A'))
        """,
        of="select count(*) as checks from public.verify_user_registration_system()",
        search_path="public, extensions",
        checks=CHECKS,
    )


PLAIN = "00000000-0000-4000-8000-00000000bbbb"

SMUGGLE = """
insert into auth.users (id, email, raw_user_meta_data) values
(%(new)s, 'smuggler@example.org', %(smuggled)s), (%(plain)s, 'plain@example.org', '{"name": "Robin"}')
"""

GOT = """
select 'public.profiles.' || quote_ident(got.key) as object
from public.profiles p cross join lateral jsonb_each_text(to_jsonb(p)) as got
where p.id = %(new)s and got.key <> 'id' and got.value is distinct from (
    select to_jsonb(other) ->> got.key from public.profiles other where other.id = %(plain)s)
"""

# What the functions of sign-up compare the metadata with: a key, and the word that they wait for.
PASSWORDS = r"""
select distinct array[m[1], m[2]]
from pg_catalog.pg_trigger t
join pg_catalog.pg_proc p on p.oid = t.tgfoid
cross join lateral regexp_matches(p.prosrc, $$->>\s*'([^']{1,40})'[^;'=]{0,20}=\s*'([^']{1,40})'$$, 'g') as m
where t.tgrelid = pg_catalog.to_regclass('auth.users') and not t.tgisinternal
limit 20
"""


@mark.policy("AUTH-07", severity="P0", runbook=RUNBOOK, fix=REGISTRATION)
def test_signing_up_grants_no_privileges(owner, auth_service):
    """What a person writes into the metadata of their sign-up sets no privileged column of their profile.

    Metadata is the person's own text. A registration function that copies it column by column makes administrators of
    those who ask to be one. Somebody who smuggles is compared with somebody who does not, also with the words that the
    function itself waits for: whoever reads it in the repository, or guesses, knows them.
    """
    passwords = dict(owner(PASSWORDS))
    assert not auth_service(
        SMUGGLE,
        then=GOT,
        of="sign-ups",
        new=NEW,
        plain=PLAIN,
        smuggled="""
        {"name": "Robin", "is_admin": true, "admin": true, "role": "admin", "user_role": "admin", "is_moderator": true,
         "verification_status": "approved", "status": "approved", "verified": true, "is_verified": true,
         "approved_at": "2020-01-01T00:00:00Z", "approved_by": "00000000-0000-4000-8000-000000000006"}
        """,
    ) + auth_service(
        SMUGGLE,
        then=GOT + " and got.value <> all (%(words)s)",
        of="sign-ups",
        new=NEW,
        plain=PLAIN,
        smuggled=json.dumps({"name": "Robin", **passwords}),
        words=["", *passwords.values()],
    )


@mark.policy(
    "AUTH-08",
    severity="P2",
    runbook=RUNBOOK,
    fix="-- {object}: let it go together with the user: references auth.users (id) on delete cascade",
)
def test_nothing_stays_of_who_leaves(auth_service):
    """Deleting a user works, and none of their personal data stays behind.

    Two members who help each other and an admin leave in turn. What only their user and profile held (name, address,
    e-mail, phone) is looked for in all texts and documents of the project's tables, and their id beside a text about
    them (lists of ids aside). Tables that are called audit, log, history, archive, legal or the like are kept on
    purpose and not searched.
    """
    assert not remains(auth_service)
