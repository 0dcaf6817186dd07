"""Runbook 3: contact exchange and privacy."""

from functools import reduce
from itertools import product
from operator import add

from pytest import mark, skip

from audit.advice import LET_IT_ASK, decide, inert
from audit.generations import columns
from audit.seeding.community import REQUEST, made_up_id

RUNBOOK = "3. Contact Exchange & Privacy"

# Requests of the made-up community, all alice's: one that is open, one that bob helps with and whose exchange she has
# confirmed, and one whose exchange bob has offered and she has not confirmed.
OPEN, CONSENTED, OFFERED = (made_up_id(REQUEST, number) for number in (1, 2, 3))

# Row level security that no permissive policy can widen; anon has no business here at all.
GUARDED = """
alter table public.contact_exchanges enable row level security;
revoke all on public.contact_exchanges from public, anon;
"""

# The fix that removes an exchange: unless somebody has confirmed it by now, and with one row in the trail, whether a
# trigger writes it or not.
REMOVED = """
concat(
    E'-- Decide whether it is to be removed; what refers to it goes too, or keeps it. If so:\\n'
    || '-- delete from public.contact_exchanges where id = ', quote_literal(e.id),
    case when e.confirmed_at is null then ' and confirmed_at is null' end, E';\\n',
    case when (
        select count(*) = 3 from pg_catalog.pg_attribute a
        where a.attrelid = to_regclass('public.contact_exchange_audit')
        and a.attname in ('exchange_id', 'request_id', 'action'))
    then concat(
        '-- insert into public.contact_exchange_audit (exchange_id, request_id, action) select ',
        quote_literal(e.id), ', ', quote_nullable(e.request_id), E', \\'removed\\'\\n',
        '-- where not exists (select from public.contact_exchanges e where e.id = ', quote_literal(e.id), E')\\n',
        '-- and not exists (select from public.contact_exchange_audit a where a.exchange_id = ', quote_literal(e.id),
        E' and a.action = \\'removed\\');')
    else '-- This database has no public.contact_exchange_audit: keep your own record of what was removed.' end)
"""


@mark.policy(
    "CONTACT-01",
    severity="P2",
    wrong="Contact exchanges have waited for their confirmation for more than 24 hours",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- Exchange {object} has been waiting since {since}: ask member {requester} to confirm or to decline.
    -- What nobody answers is removed after the time that CONTACT-02 says.
    """,
)
def test_no_exchange_waits_for_more_than_a_day(auditor):
    """No contact exchange is unconfirmed for more than 24 hours.

    Somebody offered help and hears nothing, or somebody was asked for consent that they do not want to give. Those that
    are older than 48 hours are findings of CONTACT-02 too. The hours are unconfirmed_hours in audit.toml.
    """
    assert not auditor(
        """
        select e.id as object, e.request_id as request, e.requester_id as requester, e.exchanged_at as since
        from public.contact_exchanges e
        where e.confirmed_at is null and e.exchanged_at < now() - make_interval(hours => %(unconfirmed_hours)s)
        """,
        of="public.contact_exchanges",
    )


@mark.policy(
    "CONTACT-02",
    severity="P1",
    wrong="Contact exchanges have waited for their confirmation for more than 48 hours",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="-- Remove exchange {object}.",
)
def test_no_abandoned_exchange_is_kept(auditor):
    """No contact exchange is unconfirmed for more than 48 hours.

    Consent that was not given in two days was not given: the runbook removes such rows. Its own statement removes them
    all at once; what is shown removes the one that was looked at, and sees to it that the trail says so. The hours are
    abandoned_hours in audit.toml.
    """
    assert not auditor(
        f"""
        select e.id as object, e.request_id as request, e.exchanged_at as since, {REMOVED} as fix
        from public.contact_exchanges e
        where e.confirmed_at is null and e.exchanged_at < now() - make_interval(hours => %(abandoned_hours)s)
        """,
        of="public.contact_exchanges",
    )


@mark.policy(
    "CONTACT-03",
    severity="P0",
    wrong="Contact exchanges name the wrong people",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="-- Remove exchange {object}.",
)
def test_the_parties_are_those_of_the_request(auditor):
    """The parties of an exchange are the owner and the helper of its request, both set, and different.

    Whoever is named here without being one of the two gets somebody's phone number. That goes for a former helper too:
    consent was given to one person, and ends when the request has another helper or none.
    """
    assert not auditor(
        f"""
        select e.id as object, problem, e.request_id as request, e.helper_id as helper, e.requester_id as requester,
               {REMOVED} as fix
        from public.contact_exchanges e
        left join public.help_requests r on r.id = e.request_id
        cross join lateral (
            select nullif(concat_ws(
                ', ',
                case when r.id is null then 'there is no such request' end,
                case when e.requester_id is null then 'it has no requester' end,
                case when e.helper_id is null then 'it has no helper' end,
                case when e.requester_id = e.helper_id then 'the two are one' end,
                case when e.requester_id <> r.user_id then 'the requester is not the owner of the request' end,
                case when r.id is not null and e.helper_id is distinct from r.helper_id
                     then 'the helper is not the helper of the request' end), '') as problem
        ) as found
        where problem is not null
        """,
        of="public.contact_exchanges",
    )


@mark.policy(
    "CONTACT-04",
    severity="P1",
    wrong="Contact exchanges were confirmed before they were made",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- Nobody knows which of the two times is wrong; without a sound one the requester has to consent again.
    update public.contact_exchanges set confirmed_at = null where id::text = {object};
    """,
)
def test_no_exchange_was_confirmed_before_it_was_made(auditor):
    """No contact exchange was confirmed before it was made.

    Consent comes after the question. A row where it does not was written by something else than the two people.
    """
    assert not auditor(
        """
        select e.id as object, e.request_id as request, e.exchanged_at as made, e.confirmed_at as confirmed
        from public.contact_exchanges e
        where e.confirmed_at < e.exchanged_at
        """,
        of="public.contact_exchanges",
    )


@mark.policy(
    "CONTACT-05",
    severity="P0",
    wrong="People see contact exchanges of others",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=GUARDED
    + """
    drop policy if exists "nobody but the parties and admins reads" on public.contact_exchanges;
    create policy "nobody but the parties and admins reads" on public.contact_exchanges
    as restrictive for select to authenticated
    using (exists (
        select from public.profiles p
        where p.id = (select auth.uid()) and p.verification_status = 'approved'
        and (p.is_admin or p.id in (helper_id, requester_id))));
    """,
)
def test_only_the_parties_see_an_exchange(anon, nobody, guest, pending, rejected, stranger, alice, bob):
    """Only the two parties and admins see a contact exchange.

    Who helps whom is nobody else's affair: a request may be about an illness. That the parties do see theirs is part of
    CONTACT-10.
    """
    assert not (anon | nobody | guest | pending | rejected)("select from public.contact_exchanges") + (
        stranger | alice | bob
    )(
        """
        select from public.contact_exchanges
        where helper_id is distinct from %(me)s and requester_id is distinct from %(me)s
        """
    )


# What somebody got is kept in a setting of the transaction and compared by the owner of the database: it is the values
# themselves that tell a disclosure, whatever the form of the answer, and they never leave the database.
KEPT = "select set_config('audit.answer', left(coalesce(string_agg(to_jsonb(answer)::text, chr(10)), ''), 20000), true)"

# Phone numbers are compared without what people write between the digits.
PEOPLE_IN_ANSWER = r"""
with answer as materialized (
    select lower(current_setting('audit.answer', true)) as text,
           regexp_replace(current_setting('audit.answer', true), '[ ().+/-]', '', 'g') as digits
    where current_setting('audit.answer', true) <> ''
), people as (
    select distinct u.id::text as id
    from answer
    cross join auth.users u
    left join public.profiles p on p.id = u.id
    cross join lateral (
        select regexp_replace(number, '[^0-9]', '', 'g') as digits from (values
            (to_jsonb(p.*) ->> 'phone'), (to_jsonb(p.*) ->> 'phone_number'), (to_jsonb(u.*) ->> 'phone')
        ) as number (number)
    ) as phone
    where (length(phone.digits) > 6 and position(phone.digits in answer.digits) > 0)
    or (%(emails)s and length(u.email) > 5 and position(lower(u.email) in answer.text) > 0)
)
"""

ANY_PHONE = """
select true from auth.users u left join public.profiles p on p.id = u.id
where coalesce(to_jsonb(p.*) ->> 'phone', to_jsonb(p.*) ->> 'phone_number', to_jsonb(u.*) ->> 'phone') is not null
limit 1
"""

WITHOUT_CONSENT = """
where people.id is distinct from %(me)s and not exists (
    select from public.contact_exchanges e
    where e.confirmed_at is not null
    and people.id in (e.helper_id::text, e.requester_id::text)
    and %(me)s in (e.helper_id::text, e.requester_id::text))
"""

WHOM_TO_TELL = """
{object}: let get_contact_info_with_consent() compare what it is given with auth.uid(), and answer the two parties of a
confirmed exchange only. See what the application expects of its answer before it is made anew:
"""

TOO_STRICT = """
{object}: see what refuses it: a grant that is missing, a policy, a trigger, a constraint or the function. Change that
one, or add what the two parties need. With the columns of the reference these would do; they drop the restrictive
policies that let nobody pass:
"""

CONSENT = """
drop function if exists public.get_contact_info_with_consent(uuid, uuid);
create function public.get_contact_info_with_consent(request_id uuid, user_id uuid)
returns table (member_id uuid, name text, phone text, email text)
language sql stable security definer set search_path = '' as $consent$
    select p.id, p.name,
           case when (p.contact_preferences ->> 'show_phone')::boolean then p.phone end,
           case when (p.contact_preferences ->> 'show_email')::boolean then u.email::text end
    from public.contact_exchanges e
    join public.profiles p on p.id = case auth.uid() when e.helper_id then e.requester_id else e.helper_id end
    join auth.users u on u.id = p.id
    where e.request_id = get_contact_info_with_consent.request_id
    and e.confirmed_at is not null
    and get_contact_info_with_consent.user_id = auth.uid()
    and auth.uid() in (e.helper_id, e.requester_id)
    and exists (
        select from public.profiles me where me.id = auth.uid() and me.verification_status = 'approved')
$consent$;
revoke execute on function public.get_contact_info_with_consent(uuid, uuid) from public, anon;
grant execute on function public.get_contact_info_with_consent(uuid, uuid) to authenticated, service_role;
"""


# What there is to be told when somebody asks about a request, or about none.
EXCHANGE = """
select from public.contact_exchanges e
where %(request)s::text is null or e.request_id::text = %(request)s::text
"""


def contact_of(user):
    """Return the call of the consent function for a person of the cast ("nobody": null), whose answer is kept."""
    return f"{KEPT} from (select public.get_contact_info_with_consent(%(request)s, %({user})s) as answer) as called"


@mark.policy(
    "CONTACT-06",
    severity="P0",
    wrong="get_contact_info_with_consent() gives contact details to people who must not have them, or to nobody",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(WHOM_TO_TELL, CONSENT),
)
def test_contact_details_need_consent(
    auditor, anon, nobody, guest, pending, rejected, stranger, alice, bob, service_role
):
    """get_contact_info_with_consent() gives contact details to the two parties after confirmation, and to nobody else.

    It runs with its owner's rights, and its arguments are what the caller says: every combination of ids is tried. The
    answers, whatever their form, are searched for other people's phone numbers and e-mail addresses. That anon may call
    it at all is a finding. Admins are not asked, because they may see exchanges; that the parties do get the details is
    CONTACT-10.
    """
    open_to_anon = auditor(
        """
        select p.oid::regprocedure as object, 'anon can call it' as problem, format(
            'revoke execute on function %s from public, anon; grant execute on function %s to service_role%s;',
            p.oid::regprocedure, p.oid::regprocedure, (
                select ', authenticated' from pg_catalog.pg_roles member
                where member.rolname = 'authenticated' and has_function_privilege(member.oid, p.oid, 'execute'))
        ) as fix
        from pg_catalog.pg_proc p
        join pg_catalog.pg_roles anon on anon.rolname = 'anon'
        where p.proname = 'get_contact_info_with_consent'
        and has_schema_privilege(anon.oid, p.pronamespace, 'usage')
        and has_function_privilege(anon.oid, p.oid, 'execute')
        """,
        of="public.contact_exchanges",
    )
    got_without_consent = {
        "then": f"{PEOPLE_IN_ANSWER} select from people {WITHOUT_CONSENT}",
        "emails": True,
        "of": "exchanges that people ask about",
        "control": EXCHANGE,
    }
    outsiders = anon | nobody | guest | pending | rejected | stranger
    by_outsiders = [
        outsiders(contact_of(user), request=request, **got_without_consent)
        for request, user in (
            *product((CONSENTED, OFFERED), ("alice", "bob", "me")),
            *((CONSENTED, "nobody"), (None, "nobody"), (None, "me")),
        )
    ]
    # The two have each other's details, and nobody else's.
    by_the_two = [
        (alice | bob)(contact_of(user), request=CONSENTED, **got_without_consent) for user in ("stranger", "admin")
    ]
    # Without what they have consented to elsewhere, the two are waiting for each other.
    service_role.does("delete from public.contact_exchanges where request_id = %(request)s", request=CONSENTED)
    too_early = [
        (alice | bob)(
            contact_of(user),
            what="call public.get_contact_info_with_consent before confirmation",
            request=OFFERED,
            **got_without_consent,
        )
        for user in ("alice", "bob", "nobody")
    ]
    assert not reduce(add, by_outsiders + by_the_two + too_early, open_to_anon)


OFFER = """
insert into public.contact_exchanges (request_id, helper_id, requester_id) values (%(request)s, %(bob)s, %(alice)s)
"""

MATCH = """
update public.help_requests set helper_id = %(bob)s, status = 'in_progress', helped_at = now() where id = %(request)s
"""

# What is there without an offer: a trigger has made it.
MADE = "select e.id from public.contact_exchanges e where e.request_id = %(request)s"

CONFIRMED = "select from public.contact_exchanges e where e.request_id = %(request)s and e.confirmed_at is not null"

OWN_CONSENT = "select from public.contact_exchanges e where e.request_id = %(request)s and e.requester_id = %(me)s"


@mark.policy(
    "CONTACT-07",
    severity="P0",
    wrong="Helpers can confirm their own contact exchange, without the requester's consent",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=GUARDED
    + """
    drop policy if exists "nobody but the requester confirms" on public.contact_exchanges;
    create policy "nobody but the requester confirms" on public.contact_exchanges
    as restrictive for update to authenticated
    using (requester_id = (select auth.uid())) with check (requester_id = (select auth.uid()));
    drop policy if exists "an exchange begins unconfirmed" on public.contact_exchanges;
    create policy "an exchange begins unconfirmed" on public.contact_exchanges
    as restrictive for insert to authenticated
    with check (confirmed_at is null and helper_id = (select auth.uid()));
    """,
)
def test_only_the_requester_confirms(
    auditor, owner, service_role, anon, nobody, guest, pending, rejected, stranger, bob
):
    """Only the requester confirms an exchange: a helper can neither confirm nor create one that is already confirmed.

    Confirming is consenting. Whoever can do it for somebody else, in whatever way, has their phone number: by a write
    with a condition, by one without (to which other policies apply), by changing sides, by an exchange of their own
    making in which they are the requester, or by calling a function that confirms. Admins are not asked.
    """
    others = bob | stranger | pending | rejected | guest
    everybody = others | anon | nobody
    already = owner("select e.id from public.contact_exchanges e where e.confirmed_at is not null")
    confirmed = f"{CONFIRMED} and e.id <> all (%(already)s)"
    changed = [
        everybody(text, then=confirmed, control=control, request=OFFERED, already=already)
        for control, text in (
            ("", "update public.contact_exchanges set confirmed_at = now() where request_id = %(request)s"),
            (EXCHANGE, "update public.contact_exchanges set confirmed_at = now()"),
        )
    ]
    changed.append(
        others(
            """
            update public.contact_exchanges set confirmed_at = now(), requester_id = %(me)s, helper_id = %(alice)s
            where request_id = %(request)s
            """,
            then=confirmed,
            request=OFFERED,
            already=already,
        )
    )
    # What one member has consented to, made another's.
    carried = (
        "select from public.contact_exchanges e where e.request_id = %(request)s and e.requester_id = %(stranger)s"
    )
    changed.append(
        bob(
            "update public.contact_exchanges set requester_id = %(stranger)s where request_id = %(request)s",
            what="carry a confirmation over to another",
            then=carried,
            already=owner("select e.id from public.contact_exchanges e where e.requester_id = %(stranger)s"),
            control=EXCHANGE,
            constraint_counts=True,
            request=CONSENTED,
        )
    )
    (exchange,) = owner(
        "select (select e.id from public.contact_exchanges e where e.request_id = %(request)s limit 1)", request=OFFERED
    )
    changed += [
        everybody(
            f"select {_names(row)['_function']}({', '.join(f'%({argument})s' for argument in arguments)})",
            then=f"select %(found)s as object, %(mend)s as fix where exists ({confirmed})",
            of="public.contact_exchanges",
            already=already,
            control=EXCHANGE,
            constraint_counts=True,
            request=OFFERED,
            exchange=exchange,
            found=row.object,
            mend=row.fix,
        )
        for row in auditor(CONFIRMING, of="public.contact_exchanges")
        for arguments in product(("exchange", "request", "me"), repeat=int(row.quoted["_arguments"]))
    ]
    # An exchange that is not there yet: bob has just become the helper. A trigger that makes it is not to confirm it.
    made = [
        service_role.does(
            MATCH,
            what="take a helper",
            then=f"select 'public.contact_exchanges' as object, %(mend)s as fix where exists ({CONFIRMED})",
            constraint_counts=True,
            request=OPEN,
            mend=UNASKED,
        )
    ]
    service_role.does("delete from public.contact_exchanges where request_id = %(request)s", request=OPEN)
    made += [
        everybody(
            """
            insert into public.contact_exchanges (request_id, helper_id, requester_id, confirmed_at)
            values (%(request)s, %(bob)s, %(alice)s, now())
            """,
            then=CONFIRMED,
            request=OPEN,
        )
    ]
    made.append(
        bob(
            OFFER,
            then=f"select 'public.contact_exchanges' as object, %(mend)s as fix where exists ({CONFIRMED})",
            what="offer what is confirmed at once",
            control="select true",
            constraint_counts=True,
            request=OPEN,
            mend=UNASKED,
        )
    )
    made += [
        others(
            f"insert into public.contact_exchanges (request_id, helper_id, requester_id{more}) values {row}",
            then=then,
            request=OPEN,
        )
        for more, row, then in (
            (", confirmed_at", "(%(request)s, %(me)s, %(alice)s, now())", CONFIRMED),
            (", confirmed_at", "(%(request)s, %(alice)s, %(me)s, now())", OWN_CONSENT),
            ("", "(%(request)s, %(alice)s, %(me)s)", OWN_CONSENT),
        )
    ]
    assert not reduce(add, changed + made)


# For an offer that is confirmed as it arrives.
UNASKED = decide(
    """
    Whatever fills confirmed_at is to leave it empty: the triggers on inserts into public.contact_exchanges, of which
    somebody is to see what else they do, or the column's default:
    """,
    "alter table public.contact_exchanges alter column confirmed_at drop default;",
)

# Functions that API roles may call with ids alone and whose text is about confirming.
CONFIRMING = f"""
select p.oid::regprocedure as object, p.oid::regproc as _function, p.pronargs as _arguments,
       {LET_IT_ASK} as fix
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any (%(exposed)s) and p.prokind = 'f' and p.provolatile = 'v' and p.pronargs in (1, 2)
and 'uuid'::regtype = all (p.proargtypes) and p.prosrc ~* 'confirmed_at'
and exists (
    select from pg_catalog.pg_roles r
    where r.rolname = any (%(api_roles)s) and has_function_privilege(r.oid, p.oid, 'execute'))
"""


PHONE = "(phone|mobile|whatsapp|contact)"


@mark.policy(
    "CONTACT-08",
    severity="P0",
    wrong="Members read the phone numbers of others without their consent",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="-- Take {object} away from the API roles.",
)
def test_phone_numbers_need_consent(auditor, owner, anon, nobody, guest, pending, rejected, stranger, alice, bob):
    """No member reads another's phone number without a confirmed exchange.

    Whatever the API serves that is plainly about it is read: columns by their name, and functions without arguments or
    with ids, by their text and result. A finding is a number that is really another's: a hotline's is none. The columns
    that say nothing of it by their name are EXPO-11's; get_contact_info_with_consent() is CONTACT-06's.
    """
    columns = auditor(
        f"""
        select format('%%s.%%I', c.oid::regclass, a.attname) as object,
               c.oid::regclass as _relation, a.attname as _column,
               format(
                   E'-- Decide who may read %%1$s.%%2$s. A grant on the whole table covers all columns: take SELECT\\n'
                   || E'-- away, and grant the columns again that are not private, to those that had them. Who may\\n'
                   || '-- read it rightly, their owner among them, needs a function or a view then.',
                   {inert("c.oid::regclass::text")}, {inert("quote_ident(a.attname)")}) as fix
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname = any (%(exposed)s) and c.relkind in ('r', 'p', 'v', 'm') and c.relpersistence <> 't'
        and a.attname ~* %(phone)s and format_type(a.atttypid, null) !~ '^(uuid|date|boolean|timestamp.*)$'
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        """,
        of="public.profiles",
        phone=PHONE,
    )
    functions = auditor(
        f"""
        select p.oid::regprocedure as object, p.oid::regproc as _function,
               p.pronargs - p.pronargdefaults as _least, least(ids, 2) as _most,
               {LET_IT_ASK} as fix
        from pg_catalog.pg_proc p
        join pg_catalog.pg_namespace n on n.oid = p.pronamespace
        join pg_catalog.pg_type t on t.oid = p.prorettype
        cross join lateral (
            select coalesce(min(place) filter (where argument.type <> 'uuid'::regtype) - 1, p.pronargs)::int as ids
            from unnest(p.proargtypes) with ordinality as argument (type, place)
        ) as given
        where n.nspname = any (%(exposed)s)
        and not (p.proname = 'get_contact_info_with_consent' and p.pronargs = 2)
        and p.prokind = 'f' and p.provariadic = 0 and (t.typtype <> 'p' or t.typname = 'record')
        and p.pronargs - p.pronargdefaults <= least(ids, 2)
        and exists (
            select from pg_catalog.pg_roles r
            where r.rolname = any (%(api_roles)s) and has_function_privilege(r.oid, p.oid, 'execute'))
        and (
            case when p.prokind = 'f' then pg_get_functiondef(p.oid) end ~* %(phone)s
            or exists (select from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attname ~* %(phone)s))
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
        """,
        of="public.profiles",
        phone=PHONE,
    )
    reads = [(row, "{_column} as answer from {_relation} where {_column} is not null") for row in columns] + [
        (row, f"{{_function}}({', '.join(f'%({argument})s' for argument in arguments)}) as answer")
        for row in functions
        for count in {int(row.quoted["_least"]), int(row.quoted["_most"])}
        for arguments in product(("alice", "offered", "me"), repeat=count)
    ]
    if not reads:
        skip("nothing that the API serves is about phone numbers, by its name")
    if not owner(ANY_PHONE):
        skip("no member has a phone number")
    everybody = anon | nobody | guest | pending | rejected | stranger | alice | bob
    assert not reduce(
        add,
        [
            everybody(
                f"{KEPT} from (select {source.format_map(_names(row))} limit %(most)s) as read",
                then=f"{PEOPLE_IN_ANSWER} select %(found)s as object, %(mend)s as fix from people {WITHOUT_CONSENT}",
                of="phone numbers",
                control=ANY_PHONE,
                found=row.object,
                mend=row.fix,
                emails=False,
                offered=OFFERED,
                most=200,
            )
            for row, source in reads
        ],
    )


def _names(row):
    """Return the quoted names of a row for a question with parameters: a percent sign in a name begins none."""
    return {column: text.replace("%", "%%") for column, text in row.quoted.items()}


@mark.policy(
    "CONTACT-09",
    severity="P2",
    wrong="Somebody has made more than 5 contact exchanges within an hour",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- Member {object} made {exchanges} exchanges or more within an hour, the latest at {latest}: look at what they are.
    -- Whoever collects contact details is stopped by taking back their approval:
    -- update public.profiles set verification_status = 'rejected' where id = {object};
    """,
)
def test_nobody_collects_contacts(auditor):
    """Nobody made more than 5 contact exchanges within an hour, in the last 24 hours.

    Nobody helps that many people at once; whoever offers it collects phone numbers. The number is exchanges_per_hour in
    audit.toml.
    """
    assert not auditor(
        """
        select made.helper_id as object, count(*) + %(exchanges_per_hour)s as exchanges,
               max(made.exchanged_at) as latest
        from (
            select e.helper_id, e.exchanged_at, lag(e.exchanged_at, %(exchanges_per_hour)s) over (
                partition by e.helper_id order by e.exchanged_at) as earlier
            from public.contact_exchanges e
            where e.exchanged_at > now() - interval '25 hours'
        ) as made
        where made.exchanged_at > now() - interval '24 hours' and made.exchanged_at < made.earlier + interval '1 hour'
        group by made.helper_id
        """,
        of="public.contact_exchanges",
    )


FLOW = """
alter table public.contact_exchanges enable row level security;
do $$
declare shut record;
begin
    for shut in
        select p.polname from pg_catalog.pg_policy p
        where p.polrelid = 'public.contact_exchanges'::regclass and not p.polpermissive
        and 'false' in (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    loop
        execute format('drop policy %I on public.contact_exchanges', shut.polname);
    end loop;
end $$;
grant select on public.contact_exchanges to authenticated;
grant insert (request_id, helper_id, requester_id), update (confirmed_at) on public.contact_exchanges to authenticated;
drop policy if exists "the two parties and admins read an exchange" on public.contact_exchanges;
create policy "the two parties and admins read an exchange" on public.contact_exchanges for select to authenticated
using (exists (
    select from public.profiles p
    where p.id = (select auth.uid()) and p.verification_status = 'approved'
    and (p.is_admin or p.id in (helper_id, requester_id))));
drop policy if exists "helpers offer contact" on public.contact_exchanges;
create policy "helpers offer contact" on public.contact_exchanges for insert to authenticated
with check (
    helper_id = (select auth.uid()) and confirmed_at is null
    and exists (
        select from public.profiles p where p.id = (select auth.uid()) and p.verification_status = 'approved')
    and exists (
        select from public.help_requests r
        where r.id = contact_exchanges.request_id and r.user_id = contact_exchanges.requester_id
        and r.helper_id = (select auth.uid())));
drop policy if exists "requesters confirm" on public.contact_exchanges;
create policy "requesters confirm" on public.contact_exchanges for update to authenticated
using (requester_id = (select auth.uid()) and confirmed_at is null)
with check (
    requester_id = (select auth.uid()) and confirmed_at is not null
    and exists (
        select from public.profiles p where p.id = (select auth.uid()) and p.verification_status = 'approved'));
"""


@mark.policy(
    "CONTACT-10",
    severity="P1",
    wrong="The consent flow does not work: contact details are not exchanged",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(TOO_STRICT, FLOW, CONSENT),
)
def test_consent_leads_to_contact(owner, service_role, alice, bob):
    """The consent flow works: the helper offers, the requester confirms, and each gets the other's contact details.

    A database that refuses everybody keeps every secret, and is of no use. A phone number or an e-mail address is
    expected in what get_contact_info_with_consent() answers to each of the two, given either's id. Offering (unless
    taking a helper does it) and confirming are expected to be writes to the table; where functions do it, this is to be
    waived.
    """
    assert service_role.does(MATCH, request=OPEN)
    if not owner(MADE, request=OPEN):
        assert bob.does(OFFER, request=OPEN)
    assert alice.does(
        "update public.contact_exchanges set confirmed_at = now() where request_id = %(request)s",
        then=CONFIRMED,
        control=EXCHANGE,
        request=OPEN,
    )
    for party, other in ((bob, "alice"), (alice, "bob")):
        assert reduce(
            add,
            [
                party(
                    contact_of(user),
                    then=f"{PEOPLE_IN_ANSWER} select from people where id = %({other})s",
                    control=CONFIRMED,
                    request=OPEN,
                    emails=True,
                )
                for user in ("me", other)
            ],
        )


# Generated columns are nobody's to change; a percent sign in a name begins no parameter.
CHANGEABLE = """
select replace(quote_ident(a.attname), '%%', '%%%%') from pg_catalog.pg_attribute a
where a.attrelid = 'public.contact_exchange_audit'::regclass and a.attnum > 0 and not a.attisdropped
and a.attgenerated = '' and a.attidentity <> 'a' and exists (
    select from pg_catalog.pg_roles r
    where r.rolname = any (%(api_roles)s) and has_column_privilege(r.oid, a.attrelid, a.attnum, 'update'))
"""

NO_TRAIL = """
See which trigger on public.contact_exchanges is to write the trail, and mend it. If there is none, this is one:
"""

TRAIL = """
create or replace function public.audit_exchange() returns trigger
language plpgsql security definer set search_path = '' as $trail$
begin
  if tg_op = 'INSERT' then
    insert into public.contact_exchange_audit (exchange_id, request_id, action, actor)
    values (new.id, new.request_id, 'made', auth.uid());
  else
    insert into public.contact_exchange_audit (exchange_id, request_id, action, actor)
    values (old.id, old.request_id, 'removed', auth.uid());
  end if;
  return null;
end $trail$;
revoke execute on function public.audit_exchange() from public, anon, authenticated;
drop trigger if exists audit_exchange on public.contact_exchanges;
create trigger audit_exchange after insert or delete on public.contact_exchanges
for each row execute function public.audit_exchange();
"""


@mark.policy(
    "CONTACT-11",
    severity="P1",
    wrong="The audit trail of contact exchanges has gaps, or members can write into it",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    alter table {relation} enable row level security;
    revoke insert, update, delete, truncate on {relation} from public, anon, authenticated;
    """,
)
def test_every_exchange_leaves_a_trail(
    auditor, owner, anon, nobody, guest, pending, rejected, alice, bob, stranger, admin, service_role
):
    """Every contact exchange has its row in the audit trail, and members can neither write nor change that trail.

    Who got whose phone number, and when, must be known afterwards, and not from somebody who could have changed it: nor
    by deleting what the trail refers to. An exchange that is made now must leave its row too. Where it is written is
    exchange_trail in audit.toml: without that table the policy does not apply, and runbook_objects can ask for it.
    """
    trail, _, key = auditor.known["exchange_trail"].rpartition(".")

    def of_trail(text):
        return text.replace("public.contact_exchange_audit", trail).replace("exchange_id", key)

    known = columns(owner, trail)
    add_row = """
        format('insert into public.contact_exchange_audit (exchange_id, request_id, action, happened_at)
select id, request_id, ''made'', exchanged_at from public.contact_exchanges where id = %L;', e.id)
    """
    if not known >= {key, "request_id", "action", "happened_at"}:
        add_row = f"'-- Write to {trail} what is known of it, and mend what was to write it.'"
    assert not auditor(
        of_trail(f"""
        select e.id as object, 'it has no row in the trail' as problem, e.exchanged_at as made, {add_row} as fix
        from public.contact_exchanges e
        where not exists (select from public.contact_exchange_audit a where a.exchange_id = e.id)
        """),
        of="public.contact_exchanges",
    ) + auditor(
        f"""
        select c.oid::regclass as object, problem, c.oid::regclass as relation
        from pg_catalog.pg_class c
        cross join pg_catalog.pg_roles r
        cross join lateral (values
            ('row level security is off, and an API role may write',
             not c.relrowsecurity and has_any_column_privilege(r.oid, c.oid, 'insert, update')),
            ('row level security is off, and an API role may delete',
             not c.relrowsecurity and has_table_privilege(r.oid, c.oid, 'delete')),
            ('an API role may truncate it', has_table_privilege(r.oid, c.oid, 'truncate'))
        ) as found (problem, wrong)
        where wrong and c.oid = to_regclass('{trail}') and r.rolname = any (%(api_roles)s)
        """,
        of=trail,
    )
    everybody = anon | nobody | guest | pending | rejected | alice | bob | stranger | admin
    (exchange,) = owner("select coalesce((select id from public.contact_exchanges limit 1), gen_random_uuid())")
    (request,) = owner("select coalesce((select request_id from public.contact_exchanges limit 1), gen_random_uuid())")
    also = [column for column in ("request_id", "action") if column in known]
    said = {"exchange": exchange, "request_id": request}
    if "action" in known:
        (said["action"],) = owner(f"select coalesce((select action::text from {trail} limit 1), 'made')")
    # Each column that an API role may change.
    changes = []
    for column in owner(of_trail(CHANGEABLE)) or [key]:
        (value,) = owner(f"select (select {column}::text from {trail} limit 1)")
        for control, text in (
            ("", f"update {trail} set {column} = {column} where {key} is not null"),
            (f"select from {trail}", f"update {trail} set {column} = %(value)s"),
        ):
            changes.append(everybody(text, control=control, value=value))
    assert not reduce(
        add,
        [
            everybody(text, control=control, **said)
            for control, text in (
                ("", f"delete from {trail} where {key} is not null"),
                (f"select from {trail}", f"delete from {trail}"),
                (
                    "",
                    f"insert into {trail} ({', '.join([key, *also])}) "
                    f"values ({', '.join(f'%({each})s' for each in ('exchange', *also))})",
                ),
            )
        ],
        reduce(add, changes),
    )
    (exchange,) = owner(
        f"""
        select (select e.id from public.contact_exchanges e
                join {trail} a on a.{key} = e.id where e.request_id = %(request)s limit 1)
        """,
        request=CONSENTED,
    )
    assert not reduce(
        add,
        [
            (alice | bob)(
                text,
                then=f"""
                select '{trail}' as object, 'its rows go with others' as problem,
                       '-- A foreign key or a trigger removes them: mend that one (or: on delete restrict).' as fix
                where %(exchange)s::text is not null and not exists (
                    select from {trail} a where a.{key}::text = %(exchange)s::text)
                """,
                of="exchanges that people confirmed",
                control=f"select from {trail} where {key}::text = %(exchange)s::text",
                constraint_counts=True,
                exchange=exchange,
                request=CONSENTED,
            )
            for text in (
                "delete from public.contact_exchanges where request_id = %(request)s",
                "delete from public.help_requests where id = %(request)s",
                "delete from public.profiles where id = %(me)s",
            )
        ],
    )
    left_none = {
        "then": of_trail(
            """
            select 'public.contact_exchanges' as object, 'a new one left no row in the trail' as problem,
                   %(trail)s as fix
            from public.contact_exchanges e
            where e.request_id = %(request)s
            and not exists (select from public.contact_exchange_audit a where a.exchange_id = e.id)
            """
        ),
        "of": "exchanges made now",
        "request": OPEN,
        "trail": decide(NO_TRAIL, TRAIL) if of_trail(TRAIL) == TRAIL else decide(NO_TRAIL),
    }
    if len(service_role(MATCH, then=MADE, request=OPEN)):
        assert not service_role(MATCH, **left_none)
    else:
        service_role.does(MATCH, request=OPEN)
        assert not bob(OFFER, **left_none)
