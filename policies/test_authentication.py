"""Runbook 1: authentication and user registration."""

from pytest import mark

from audit.advice import decide, inert
from audit.catalog.keys import users_key
from audit.probes.erasure import remains
from audit.probes.registration import failing, privileged, troubles

RUNBOOK = "1. Authentication & User Registration"

SIGN_UP_FIX = """
-- {object}: look at all triggers on auth.users and at what their functions write. Mend the function that is there
-- rather than adding a second one, which would write everything twice.
"""

# A sound one, in the columns of the Care Collective, and told to them alone: whether the one that is there is to go is
# not ours to say.
REGISTRATION = decide(
    """
    {object}: look at all triggers on auth.users and at what their functions write. Mend the function that is there
    rather than adding a second one, which would write everything twice. Where nothing of it is worth keeping, and
    public.profiles has no other columns that must be filled, this makes a pending profile in every way of signing up:
    """,
    """
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
""",
)

SIGN_UP = "insert into auth.users (id, email, raw_user_meta_data) values (%(new)s, 'new.member@example.org', %(data)s)"

NEW = "00000000-0000-4000-8000-00000000aaaa"


def _in_text(key):
    """Return a quoted column for a question with parameters: a percent sign in it begins none."""
    return key.replace("%", "%%")


def _bare(key):
    """Return the name of a quoted column."""
    return key[1:-1].replace('""', '"') if key.startswith('"') else key


@mark.policy(
    "AUTH-01",
    severity="P0",
    wrong="Members without a profile are signed in and can do nothing",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- User {object} has no profile. public.profiles has other columns that must be filled, so that the values are for
    -- somebody to say: insert into public.profiles ({_key}, ...) select id, ... from auth.users where id = {object};
    """,
)
def test_every_user_has_a_profile(auditor):
    """Every row of auth.users has its row in public.profiles.

    A user without one is signed in and can do nothing: the dashboard cannot load. The runbook's own repair copies the
    e-mail address into the public display name; this one does not.
    """
    key = users_key(auditor, "public.profiles")
    assert not auditor(
        f"""
        select u.id as object, u.created_at as since, %(key)s::name as _key,
               case when not exists (
                   select from pg_catalog.pg_attribute a
                   where a.attrelid = to_regclass('public.profiles') and a.attnum > 0 and not a.attisdropped
                   and a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attname not in (%(key)s, 'name'))
               then format('insert into public.profiles (%%I, name) select id, ''New member'' from auth.users '
                           || 'where id = %%L;', %(key)s::text, u.id) end as fix
        from auth.users u
        where not exists (select from public.profiles p where p.{_in_text(key)} = u.id)
        """,
        of="auth.users",
        key=_bare(key),
    )


@mark.policy(
    "AUTH-02",
    severity="P1",
    wrong="Profiles outlive the users that they belong to",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(
        """
        Profile {object} names no user. Find out why first: a user who was deleted leaves personal data behind, which is
        to go as that user's other data does; a user who was lost is to come back. What refers to the profile goes with
        it, or keeps it from going:
        """,
        "delete from public.profiles where {_key} = {object};",
    ),
)
def test_every_profile_belongs_to_a_user(auditor):
    """Every row of public.profiles has its user in auth.users.

    A profile without a user is the personal data of somebody who has left, shown to members and never cleaned up.
    """
    key = users_key(auditor, "public.profiles")
    assert not auditor(
        f"""
        select p.{_in_text(key)} as object, %(key)s::name as _key
        from public.profiles p
        where p.{_in_text(key)} is not null
        and not exists (select from auth.users u where u.id = p.{_in_text(key)})
        """,
        of="public.profiles",
        key=_bare(key),
    )


@mark.policy(
    "AUTH-03",
    severity="P0",
    wrong="Nobody can sign up: the triggers of the sign-up are missing, switched off or broken",
    runbook=RUNBOOK,
    fix=SIGN_UP_FIX,
)
def test_the_registration_trigger_works(auditor, auth_service):
    """The triggers that run at sign-up are enabled, and work: somebody who says what is asked for is let in.

    An address and a name are tried, then also what the triggers' functions read in the metadata, as the project's form
    may ask for it; who is kept out for not giving that is AUTH-04's. The service that signs people up may write none of
    the project's tables, so that a trigger's function needs its owner's rights and a search_path of its own. One that
    runbook_objects in audit.toml names (on_auth_user_created) is to run after insert, for each row, with a function
    that has both. The catalogue is asked, not information_schema, which hides tables of others and knows nothing of
    disabled triggers.
    """
    assert not auditor(
        f"""
        with wanted as (
            select %(trigger)s = any (%(runbook_objects)s) as relied_on, 'on_auth_user_created'::name as name
        )
        select format('%%I on auth.users', coalesce(t.tgname, w.name)) as object, problem,
               case when problem = 'it is disabled' then format(
                   E'-- %%s is disabled: see whether somebody meant that. If not, as the owner of auth.users:\n'
                   || '-- alter table auth.users enable trigger %%s;', name.inert, name.inert)
               else replace(%(registration)s, '{{object}}', name.inert) end as fix
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname = 'auth' and c.relname = 'users'
        cross join wanted w
        left join pg_catalog.pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
            and (t.tgname = w.name or t.tgtype & 4 <> 0)
        left join pg_catalog.pg_proc p on p.oid = t.tgfoid
        cross join lateral (values
            (true, t.tgenabled not in ('O', 'A'), 'it is disabled'),
            (w.relied_on and t.tgname = w.name, t.tgtype & 1 = 0, 'it is not for each row'),
            (w.relied_on and t.tgname = w.name, t.tgtype & 66 <> 0 or t.tgtype & 4 = 0, 'it does not run after insert'),
            (w.relied_on and t.tgname = w.name, not p.prosecdef, 'its function is not SECURITY DEFINER'),
            (w.relied_on and t.tgname = w.name, not exists (
                select from unnest(p.proconfig) as setting where setting like 'search_path=%%'),
             'its function does not pin its search_path')
        ) as found (here, wrong, problem)
        cross join lateral (select {inert("quote_ident(coalesce(t.tgname, w.name))")} as inert) as name
        where here and wrong
        union all
        select format('%%I on auth.users', w.name), 'there is no such trigger', coalesce((
            -- What is there and nothing calls is what it called.
            select format(E'create trigger %%I after insert on auth.users\n'
                          || 'for each row execute function public.handle_new_user();', w.name)
            from pg_catalog.pg_proc p
            where p.oid = to_regprocedure('public.handle_new_user()') and p.prosecdef
            and p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype
            and not exists (select from pg_catalog.pg_trigger t where t.tgfoid = p.oid)),
            replace(%(registration)s, '{{object}}', w.name || ' on auth.users'))
        from wanted w
        where w.relied_on and exists (select from pg_catalog.pg_class c where c.oid = to_regclass('auth.users'))
        and not exists (
            select from pg_catalog.pg_trigger t where t.tgrelid = to_regclass('auth.users') and t.tgname = w.name)
        """,
        of="""
        select count(*) + (%(trigger)s = any (%(runbook_objects)s))::int as "triggers of signing up"
        from pg_catalog.pg_trigger t
        where t.tgrelid = to_regclass('auth.users') and not t.tgisinternal and t.tgtype & 4 <> 0
        """,
        trigger="trigger on_auth_user_created on auth.users",
        registration=REGISTRATION,
    )
    assert not failing(auth_service)


@mark.policy(
    "AUTH-04",
    severity="P0",
    wrong="Some people cannot sign up, or are let in who must not be",
    runbook=RUNBOOK,
    fix=SIGN_UP_FIX,
)
def test_signing_up_works_in_every_way(auth_service):
    """Signing up works in every way: with and without metadata, whatever the name, invited, anonymous or by phone.

    A trigger runs inside the sign-up: when it fails on an unusual name, the person cannot sign up at all, and when it
    swallows its errors, they are let in and have no row of their own. So each way is acted out as the service does
    it, and what it writes is compared with what signing up with a name writes, whatever tables those are. Ways are
    those of sign_up in audit.toml, else of supabase/config.toml, else by e-mail and by invitation. Which letters a
    name may have, and how many, is for the project's checks to say. Where runbook_objects in audit.toml relies on a
    table of profiles, exactly one is made in every way, and it is pending. What the service writes afterwards, when
    somebody confirms their address, signs in, stays signed in, sets a password or signs out, must work, too.
    """
    assert not troubles(auth_service, REGISTRATION)


@mark.policy(
    "AUTH-05",
    severity="P1",
    wrong="E-mail addresses are shown as display names",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(
        """
        {object}: let the function of the trigger on auth.users that writes the profile put another name than the
        e-mail address where none was given, such as 'New member'.
        """
    ),
)
def test_no_display_name_is_an_email_address(auditor, auth_service):
    """No display name is an e-mail address, and signing up without a name does not make one.

    Display names are shown to every member; the runbook's recovery statement copies the e-mail address into them.
    """
    key = users_key(auditor, "public.profiles")
    assert not auditor(
        f"""
        select p.{_in_text(key)} as object, %(key)s::name as _key,
               format('update public.profiles set name = ''New member'' where %%I::text = %%L;', %(key)s::text,
                      p.{_in_text(key)}) as fix
        from public.profiles p
        where p.name ~ '[^[:space:]@]+@[^[:space:]@]+[.][^[:space:]@]+'
        """,
        of="public.profiles",
        key=_bare(key),
    )
    assert not auth_service(
        SIGN_UP,
        what="sign up without a name",
        then=f"""
        select p.{_in_text(key)} as object, %(key)s::name as _key from public.profiles p
        where p.{_in_text(key)} = %(new)s and p.name like '%%@%%'
        """,
        of="sign-ups",
        new=NEW,
        data="{}",
        key=_bare(key),
    )


CHECKS = "public.verify_user_registration_system()"


@mark.policy(
    "AUTH-06",
    severity="P1",
    wrong="The sign-up system's own check fails, or says what is not true",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}
    -- Mend what the check names (AUTH-01 and AUTH-03 say how); where the check is wrong, restore its definition.
    """,
)
def test_the_registration_check_agrees(auditor):
    """verify_user_registration_system() reports no failing check, and agrees with AUTH-01 and AUTH-03.

    Operators call it first; that it is there is SCHEMA-01's. A check that always says "fine" is worse than none.
    """
    key = users_key(auditor, "public.profiles")
    assert not auditor(
        f"""
        with checks as (
            select check_name,
                   status !~* '^[^[:alnum:]]*(pass|ok|good|healthy|active|enabled|success|true|secure)' as failing
            from pg_catalog.jsonb_to_recordset(%(told)s) as v (check_name text, status text)
        )
        select %(checks)s as object, 'it reports a failing check' as problem, check_name from checks
        where failing is not false
        union all
        select %(checks)s, 'it reports no failing check although a user has no profile', null
        where not exists (select from checks where failing is not false)
        and (select count(*) from auth.users u  -- counted: "is there one" would be looked up user by user
             where not exists (select from public.profiles p where p.{_in_text(key)} = u.id)) > 0
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
        of="select pg_catalog.jsonb_array_length(%(told)s) as checks",
        first="""
        select coalesce(
            pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('check_name', v.check_name, 'status', v.status)), '[]')
        from public.verify_user_registration_system() as v
        """,
        search_path="public, extensions",
        checks=CHECKS,
    )


@mark.policy(
    "AUTH-07",
    severity="P0",
    wrong="Whoever signs up can give themselves rights by what they write into their metadata",
    runbook=RUNBOOK,
    fix=SIGN_UP_FIX,
)
def test_signing_up_grants_no_privileges(auth_service):
    """What a person writes into the metadata of their sign-up gives them nothing that others do not have.

    Metadata is the person's own text. A registration function that copies it column by column makes administrators of
    those who ask to be one. Somebody who smuggles is compared with somebody who does not, in all that sign-up writes;
    also with the keys that the functions read, the words that they wait for, and those that columns of the key's name
    may hold: whoever reads them in the repository, or guesses, knows them. Where a name is not enough to sign up, both
    say what else the functions read, as the project's own form does. Whatever a key is called: where a word that rules
    ask for, or the id of a team, shows whoever signs up more rows of others, that is told of the column.
    """
    assert not privileged(auth_service, REGISTRATION)


@mark.policy(
    "AUTH-08",
    severity="P2",
    wrong="Users cannot be deleted, or their personal data stays behind",
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


# What is left in disorder: requests, exchanges and conversations whose people are gone. "known" were so before.
DISORDER = """
select x.object, x.problem from (
    select r.id::text as object, 'a request whose owner is gone' as problem from public.help_requests r
    where not exists (select from public.profiles p where p.id = r.user_id)
    union all
    select r.id::text, 'a request whose helper is gone' from public.help_requests r
    where r.helper_id is not null and not exists (select from public.profiles p where p.id = r.helper_id)
    or r.helper_id is null and r.status::text = 'in_progress'
    union all
    select e.id::text, 'an exchange of contacts whose people are not those of its request'
    from public.contact_exchanges e
    where not exists (
        select from public.help_requests r
        where r.id = e.request_id and r.helper_id = e.helper_id and r.user_id = e.requester_id)
    or not exists (select from public.profiles p where p.id = e.helper_id)
    or not exists (select from public.profiles p where p.id = e.requester_id)
    union all
    select c.id::text, 'a conversation without two people, or without its request' from public.conversations c
    where 2 > (select count(*) from public.conversation_participants t
               join public.profiles p on p.id = t.user_id where t.conversation_id = c.id)
    or not exists (select from public.help_requests r where r.id = c.help_request_id)
    or c.created_by is not null and not exists (select from public.profiles p where p.id = c.created_by)
    union all
    select t.conversation_id::text, 'somebody who is gone takes part' from public.conversation_participants t
    where not exists (select from public.profiles p where p.id = t.user_id)
    or not exists (select from public.conversations c where c.id = t.conversation_id)
) as x
"""


@mark.policy(
    "AUTH-09",
    severity="P2",
    wrong="When a member leaves, requests, exchanges or conversations stay in disorder",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- {object}: {problem}. Let a foreign key with ON DELETE, or a trigger, take it along or set it right.
    """,
)
def test_what_members_leave_is_in_order(owner, auth_service):
    """What others had to do with a member who leaves is in order afterwards.

    Two members who help each other leave in turn. A request that lost its helper is open again, or done; an exchange of
    contacts ends with one of its two people; nobody is left alone in a conversation.
    """
    known = owner(DISORDER)
    left = [
        auth_service(
            f"delete from auth.users where id = {who}",
            what="delete a member",
            then=f"{DISORDER} where x.object <> all (%(known)s::text[])",
            control=f"select from auth.users where id = {who}",
            constraint_counts=True,  # that a member cannot be deleted is AUTH-08's to tell
            known=known,
        )
        for who in ("%(alice)s", "%(bob)s")
    ]
    assert not left[0] + left[1]
