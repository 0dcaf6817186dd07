"""Runbook 2: help requests."""

from itertools import product

from pytest import mark

from audit.advice import decide
from audit.catalog.indexes import BTREES, orders
from audit.catalog.vocabulary import VOCABULARY

RUNBOOK = "2. Help Request System"


@mark.policy(
    "HELP-01",
    severity="P1",
    wrong="Help requests have an owner or a helper without a profile",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(
        """
        Request {object}: see who is missing. Who has a user gets a profile (AUTH-01). Who has none has left: a helper
        is taken off the request, and an owner's request goes with them, if that is what you want:
        """,
        """
    delete from public.help_requests r
    where r.id = {object} and not exists (select from public.profiles p where p.id = r.user_id);
    update public.help_requests r
    set helper_id = null,
        status = case when r.status = 'in_progress' then 'open' else r.status end,
        helped_at = case when r.status = 'in_progress' then null else r.helped_at end
    where r.id = {object} and not exists (select from public.profiles p where p.id = r.helper_id);
        """,
    ),
)
def test_every_request_has_its_people(auditor):
    """The owner of every request, and its helper if there is one, have a profile.

    The dashboard joins requests to their owners' profiles: a request without one is shown to nobody, and nobody helps.
    A request that names no owner at all is one of these.
    """
    assert not auditor(
        """
        select r.id as object,
               case when owner.id is not null then 'the helper' when r.helper_id is null or helper.id is not null
                    then 'the owner' else 'the owner and the helper' end as without_profile
        from public.help_requests r
        left join public.profiles owner on owner.id = r.user_id
        left join public.profiles helper on helper.id = r.helper_id
        where owner.id is null or (r.helper_id is not null and helper.id is null)
        """,
        of="public.help_requests",
    )


@mark.policy(
    "HELP-02",
    severity="P2",
    wrong="Help requests have a status, an urgency or a category that is missing or unknown",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- Request {object} has no known word in {columns}: decide which is meant; the database names none.
    """,
)
def test_requests_say_what_they_are(auditor):
    """Every request has a status, an urgency and a category, each one of the known words.

    A request with another word is in no list: the dashboard asks for status open and sorts by urgency. Known are the
    words that a check or an enumerated type in the database allows, for the category also those of a table of
    categories. Where the database does not say, they are the runbook's, and request_categories in audit.toml.
    """
    assert not auditor(
        f"""
        with {VOCABULARY}, words as (
            select coalesce((select v.known from vocabulary v where v.name = 'status'),
                            array['open', 'in_progress', 'completed', 'cancelled', 'closed']) as statuses,
                   coalesce((select v.known from vocabulary v where v.name = 'urgency'),
                            array['normal', 'urgent', 'critical']) as urgencies,
                   coalesce((select v.known from vocabulary v where v.name = 'category'),
                            %(request_categories)s) as categories,
                   coalesce((select v.elsewhere from vocabulary v where v.name = 'category'), false) as elsewhere
        )
        select r.id as object, found.columns,
               case when found.category_is_known or w.categories <> '{{}}' then concat(
                   E'-- The word that was there is lost by this: see first whether another one is meant.\n'
                   || 'update public.help_requests r set ',
                   concat_ws(', ',
                       case when found.columns ~ 'status' then
                           'status = case when r.cancelled_at is not null then ''cancelled'' '
                           || 'when r.completed_at is not null then ''completed'' '
                           || 'when r.helper_id is not null then ''in_progress'' else ''open'' end' end,
                       case when found.columns ~ 'urgency' then format('urgency = %%L',
                           case when 'normal' = any (w.urgencies) then 'normal' else w.urgencies[1] end) end,
                       case when found.columns ~ 'category' then format('category = %%L',
                           case when 'other' = any (w.categories) then 'other' else w.categories[1] end) end),
                   format(' where r.id = %%L;', r.id)) end as fix
        from words w cross join public.help_requests r
        cross join lateral (select
            coalesce(r.category::text = any (w.categories) or (w.elsewhere and r.category is not null), false)
            as category_is_known,
            concat_ws(', ',
                case when r.status::text = any (w.statuses) then null else 'status' end,
                case when r.urgency::text = any (w.urgencies) then null else 'urgency' end,
                case when r.category::text = any (w.categories) or (w.elsewhere and r.category is not null) then null
                     else 'category' end) as columns
        ) as found
        where found.columns <> ''
        """,
        of="public.help_requests",
        vocabulary_of="public.help_requests",
    )


@mark.policy(
    "HELP-03",
    severity="P1",
    wrong="The index that the list of help requests needs is missing or of no use",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- On a live database: create index concurrently, so that nobody has to wait.
    create index on public.help_requests (status, urgency, created_at desc);
    """,
)
def test_an_index_serves_the_dashboard(auditor):
    """A usable index on public.help_requests leads with status, urgency and created_at, the newest first.

    The dashboard looks at open requests by urgency, newest first. Its name does not matter, only what it serves: valid,
    a B-tree (which can also be read backwards: urgency desc, created_at), of all requests or at least of all open ones.
    One of nothing but open requests need not have the status in front.
    """
    assert not auditor(
        f"""
        select 'public.help_requests (status, urgency, created_at desc)' as object
        from pg_catalog.pg_class c
        where c.oid = to_regclass('public.help_requests') and not exists (
            select from ({BTREES}) as b
            where b.relation = c.oid
            and (
                array_to_string(b.columns[1:3], ', ') = any (%(orders)s)
                and (b.predicate is null or b.predicate ~ %(open)s)
                or array_to_string(b.columns[1:2], ', ') = any (%(open_orders)s) and b.predicate ~ %(only_open)s)
        )
        """,
        of="""
        select count(*) as "public.help_requests tables" from pg_catalog.pg_class
        where oid = to_regclass('public.help_requests')
        """,
        orders=orders(["status"], ["urgency", "created_at desc"]),
        open_orders=orders([], ["urgency", "created_at desc"]),
        only_open=r"""^\(*status\)*(::[a-z_. "]+)?\)* = 'open'(::[a-z_. "]+)?\)*$""",
        # As the server prints status = 'open', status in (..., 'open', ...), status <> 'closed', status is not null.
        open=r"""^\(*status\)*(::[a-z_. "]+)?\)* """
        r"""(= 'open'|= ANY \(+ARRAY\[[^\]]*'open'|<> '(?!open')|<> ALL \(+ARRAY\[(?![^\]]*'open')|IS NOT NULL)"""
        r"""(?!.* (AND|OR) )""",
    )


# Without the requests' own texts, which the audit's login need not read: they change nothing about how rows are found.
OPEN_REQUESTS = """
select r.id, r.user_id, r.category, r.created_at from public.help_requests r where r.status = 'open'
order by case r.urgency when 'critical' then 1 when 'urgent' then 2 else 3 end, r.created_at desc limit 20
"""

DASHBOARD = """
select r.id, r.user_id, r.category, r.created_at, p.name, p.location
from public.help_requests r join public.profiles p on p.id = r.user_id
where r.status = 'open'
order by case r.urgency when 'critical' then 1 when 'urgent' then 2 else 3 end, r.created_at desc
limit 20
"""


@mark.policy(
    "HELP-04",
    severity="P1",
    wrong="Open requests are found slowly: the dashboard's question has no index or takes over a second",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- On a live database: create index concurrently, so that nobody has to wait.
    create index on public.help_requests (status, urgency, created_at desc);
    analyze public.help_requests, public.profiles;
    """,
)
def test_the_dashboard_is_fast(auditor):
    """Open requests can be found through an index, and the dashboard's question is answered within a second.

    Whether an index can be used is asked with sequential scans discouraged: reading a small table from end to end is
    right, and so is it where most requests are open. The time (dashboard_ms in audit.toml) is that of the whole
    question, the most urgent first and 20 at a time.
    """
    assert not auditor.scans(OPEN_REQUESTS, of="public.help_requests")
    assert not auditor.slow(DASHBOARD, of="public.help_requests", over="dashboard_ms")


APPROVED = """exists (
    select from public.profiles p where p.id = (select auth.uid()) and p.verification_status = 'approved')"""

ADMIN = """exists (
    select from public.profiles p
    where p.id = (select auth.uid()) and p.verification_status = 'approved' and p.is_admin)"""

TOO_STRICT = """
{object}: see what refuses it: a grant that is missing, a policy, a trigger or a constraint. Somebody may have meant it
for others: change that one, or add what members need. With the columns of the reference these would do; they drop the
restrictive policies that let nobody pass:
"""

# What members need, beside what is there already.
OWNERS_AND_HELPERS = f"""
do $$
declare shut record;
begin
    for shut in
        select p.polname from pg_catalog.pg_policy p
        where p.polrelid = 'public.help_requests'::regclass and not p.polpermissive
        and 'false' in (pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    loop
        execute format('drop policy %I on public.help_requests', shut.polname);
    end loop;
end $$;
drop policy if exists "approved members ask for help" on public.help_requests;
create policy "approved members ask for help" on public.help_requests for insert to authenticated
with check (user_id = (select auth.uid()) and {APPROVED});
drop policy if exists "owners change their requests" on public.help_requests;
create policy "owners change their requests" on public.help_requests for update to authenticated
using (user_id = (select auth.uid()) and {APPROVED}) with check (user_id = (select auth.uid()) and {APPROVED});
drop policy if exists "owners and helpers read their requests" on public.help_requests;
create policy "owners and helpers read their requests" on public.help_requests for select to authenticated
using ((select auth.uid()) in (user_id, helper_id) and {APPROVED});
grant select (id, user_id, helper_id, title, description, category, urgency, status, created_at),
    insert (user_id, title, description, category, urgency),
    update (helper_id, title, description, category, urgency, status)
on public.help_requests to authenticated;
"""

# Restrictive policies hold whatever else is allowed.
ASKED_IN_ONES_OWN_NAME = f"""
alter table public.help_requests enable row level security;
drop policy if exists "only approved members ask, in their own name" on public.help_requests;
create policy "only approved members ask, in their own name" on public.help_requests
as restrictive for insert to anon, authenticated
with check (user_id = (select auth.uid()) and {APPROVED});
"""

CHANGED_BY_ITS_OWNER = f"""
alter table public.help_requests enable row level security;
drop policy if exists "only owners and admins change requests" on public.help_requests;
create policy "only owners and admins change requests" on public.help_requests
as restrictive for update to anon, authenticated
using ((user_id = (select auth.uid()) and {APPROVED}) or {ADMIN})
with check ((user_id = (select auth.uid()) and {APPROVED}) or {ADMIN});
drop policy if exists "only owners and admins remove requests" on public.help_requests;
create policy "only owners and admins remove requests" on public.help_requests
as restrictive for delete to anon, authenticated
using ((user_id = (select auth.uid()) and {APPROVED}) or {ADMIN});
"""

ASK = (
    "insert into public.help_requests (user_id, title, category) values (%(me)s, 'A lift to the market', %(category)s)"
)

# A word that the database knows: one of its own vocabulary, or else of what is there.
CATEGORY = f"""
with {VOCABULARY}
select coalesce(
    (select case when 'groceries' = any (v.known) then 'groceries' else v.known[1] end
     from vocabulary v where v.name = 'category'),
    case when exists (select from vocabulary v where v.name = 'category' and v.elsewhere)
         then (select r.category::text from public.help_requests r where r.category is not null limit 1) end,
    'groceries')
"""


def a_category(owner):
    """Return a category that a request may have, as a parameter."""
    return {"category": owner(CATEGORY, vocabulary_of="public.help_requests")[0]}


ASKED = "select from public.help_requests r where r.title = 'A lift to the market'"


@mark.policy(
    "HELP-05",
    severity="P1",
    wrong="Approved members cannot create, edit or cancel their help requests",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(TOO_STRICT, OWNERS_AND_HELPERS),
)
def test_members_ask_for_help(owner, alice):
    """An approved member can create a help request, edit it and cancel it.

    Rules that are too strict are an outage, too: "Failed to create help request" is in the runbook.
    """
    mine = "where user_id = %(me)s and title = 'A lift to the market'"
    assert alice.does(ASK, what="create a request", then=ASKED, **a_category(owner))
    assert alice(
        f"update public.help_requests set title = 'A lift to the bakery' {mine}",
        what="edit her own request",
        then="select from public.help_requests r where r.title = 'A lift to the bakery'",
        control=ASKED,
    )
    # Some databases write the time themselves and leave it in no grant, others leave it to the client.
    cancelled = ASKED + " and r.status = 'cancelled'"
    assert alice(
        f"update public.help_requests set status = 'cancelled' {mine}",
        what="cancel her own request",
        then=cancelled,
        control=ASKED,
    ) + alice(
        f"update public.help_requests set status = 'cancelled', cancelled_at = now() {mine}",
        what="cancel her own request",
        then=cancelled,
        control=ASKED,
    )


@mark.policy(
    "HELP-06",
    severity="P0",
    wrong="People create help requests in another's name, or without being approved",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=ASKED_IN_ONES_OWN_NAME + CHANGED_BY_ITS_OWNER,
)
def test_nobody_asks_in_the_name_of_another(owner, outsiders, pending, rejected, guest, anon, nobody, alice, bob):
    """Nobody creates a help request in another member's name, and only approved members create any.

    A request in somebody's name sends strangers to their door. Giving one's own request to another comes to the same.
    """
    # Where alice can ask, only the rules of access can have kept the others from it.
    category = a_category(owner)
    control = "select 1" if len(alice(ASK, **category)) else ""
    assert not (
        (outsiders | bob)(
            ASK.replace("%(me)s", "%(alice)s"),
            what="ask in alice's name",
            then=ASKED + " and r.user_id = %(alice)s",
            control=control,
            **category,
        )
        + (pending | rejected | guest)(ASK, what="ask for help", then=ASKED, control=control, **category)
        + (anon | nobody)(
            "insert into public.help_requests (title, category) values ('A lift to the market', %(category)s)",
            what="ask for help",
            then=ASKED,
            control="select 1",
            **category,
        )
        + alice(
            # Blindly: once given away, she may not be allowed to see it any more.
            "update public.help_requests set user_id = %(stranger)s",
            what="give her requests to another",
            then="select from public.help_requests where user_id = %(stranger)s",
        )
    )


# Of a request "r", what cannot all be true of it; null where nothing is wrong.
CONTRADICTIONS = """nullif(concat_ws(
            ', ',
            case when r.helper_id = r.user_id then 'the helper is the owner' end,
            case when r.status::text = 'open' and r.helper_id is not null then 'open, but has a helper' end,
            case when r.status::text = 'open' and num_nonnulls(r.helped_at, r.completed_at, r.cancelled_at) > 0
                 then 'open, but has a time of help or of an end' end,
            case when r.status::text = 'in_progress' and r.helper_id is null then 'in progress without a helper' end,
            case when r.status::text = 'in_progress' and r.helped_at is null then 'in progress without helped_at' end,
            case when r.status::text = 'completed' and r.completed_at is null then 'completed without completed_at' end,
            case when r.status::text = 'cancelled' and r.cancelled_at is null then 'cancelled without cancelled_at' end,
            case when least(r.helped_at, r.completed_at, r.cancelled_at) < r.created_at
                 then 'something happened before it was made' end), '')"""


@mark.policy(
    "HELP-07",
    severity="P1",
    wrong="Help requests contradict themselves: their status does not fit their helper or times",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- See whether it mends the right side: {problems}.
    update public.help_requests r
    set helper_id = m.helper,
        status = m.status,
        helped_at = case m.status when 'open' then null
            when 'in_progress' then greatest(coalesce(r.helped_at, now()), r.created_at)
            else case when r.helped_at < r.created_at then r.created_at else r.helped_at end end,
        completed_at = case m.status when 'open' then null
            when 'completed' then greatest(coalesce(r.completed_at, r.helped_at, now()), r.created_at)
            else case when r.completed_at < r.created_at then r.created_at else r.completed_at end end,
        cancelled_at = case m.status when 'open' then null
            when 'cancelled' then greatest(coalesce(r.cancelled_at, now()), r.created_at)
            else case when r.cancelled_at < r.created_at then r.created_at else r.cancelled_at end end
    from (
        select h.id, nullif(h.helper_id, h.user_id) as helper, case
            when h.status = 'open' and h.helper_id <> h.user_id then 'in_progress'
            when h.status = 'in_progress' and nullif(h.helper_id, h.user_id) is null then 'open'
            else h.status end as status
        from public.help_requests h where h.id = {object}
    ) as m
    where r.id = m.id;
    """,
)
def test_the_life_of_a_request_is_told_consistently(auditor):
    """The status of every help request agrees with its helper and its times, and its helper is not its owner.

    An open request has neither helper nor times; one in progress has a helper and the time when help began; a completed
    or cancelled one has the time when it ended; nothing happened before the request was made. A completed request may
    have lost its helper: people leave, and what they did stays done.
    """
    assert not auditor(
        f"""
        select r.id as object, {CONTRADICTIONS} as problems
        from public.help_requests r
        where {CONTRADICTIONS} is not null
        """,
        of="public.help_requests",
    )


REWRITTEN = "'Rewritten by somebody else'"


def changed(whose, column, value, beside=""):
    """Return a statement that changes a column of somebody's requests, and finds what was really changed.

    A trigger may quietly undo what a person may not do. The column in WHERE makes the rules for reading apply as well.
    """
    return f"""
        with changed as (update public.help_requests set {column} = {value}{beside} where {whose} returning {column})
        select from changed where {column} = {value}
    """


# As the helper: the request is open again then, and for the owner's new helper to be found.
GIVEN_UP = """
with changed as (
    update public.help_requests set helper_id = null, status = 'open'{beside} where {whose} returning helper_id)
select from changed where helper_id is null
"""


@mark.policy(
    "HELP-08",
    severity="P0",
    wrong="People change, remove or take over help requests of others",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=CHANGED_BY_ITS_OWNER,
)
def test_requests_are_changed_by_their_owners(owner, outsiders, stranger, alice, bob):
    """Nobody but its owner and admins changes or removes a help request, and not even its helper takes it over.

    Each is tried in two ways: with a column in WHERE, where the rules for reading apply as well, and blindly, without
    one, which reaches rows that the person cannot even see. To make oneself the helper is a change, too: the owner
    takes a helper, and not the helper a request.
    """
    others = "select from public.help_requests where user_id is distinct from %(me)s"
    rewrite = {
        "text": f"update public.help_requests set title = {REWRITTEN}",
        "what": "rewrite others' requests blindly",
        "then": f"select from public.help_requests where title = {REWRITTEN} and user_id is distinct from %(me)s",
        "control": others,
    }
    # A constraint may refuse what the two may do to requests of their own.
    attacks = outsiders(**rewrite) + (bob | alice)(**rewrite, constraint_counts=True)
    attacks += outsiders("delete from public.help_requests", what="remove requests blindly", control=others)
    for end in ("closed", "cancelled"):
        (before,) = owner("select count(*) from public.help_requests where status::text = %(end)s", end=end)
        attacks += outsiders(
            f"update public.help_requests set status = '{end}'",
            what="close requests blindly",
            then="select from public.help_requests where status::text = %(end)s having count(*) > %(before)s",
            end=end,
            before=before,
            control=others,
        )
    theirs = "user_id <> %(me)s and status = 'open'"
    attacks += (stranger | bob | alice)(
        changed(theirs, "title", REWRITTEN), what="rewrite others' open requests", control=f"{others} and {theirs}"
    )
    for what, statement in (
        ("close others' open requests", changed(theirs, "status", "'closed'")),
        ("close others' open requests", changed(theirs, "status", "'cancelled'")),
        ("close others' open requests", changed(theirs, "status", "'cancelled'", ", cancelled_at = now()")),
        ("become others' helper", changed(theirs, "helper_id", "%(me)s", ", status = 'in_progress'")),
        (
            "become others' helper",
            changed(theirs, "helper_id", "%(me)s", ", status = 'in_progress', helped_at = now()"),
        ),
        ("take over others' open requests", changed(theirs, "user_id", "%(me)s")),
        ("remove others' open requests", f"delete from public.help_requests where {theirs}"),
    ):
        attacks += (stranger | bob | alice)(statement, what=what, control=f"{others} and {theirs}")
    helped = "helper_id = %(me)s and user_id = %(alice)s and status = 'in_progress'"
    attacks += bob(
        changed(helped, "title", REWRITTEN),
        what="rewrite the request that he helps with",
        control=f"{others} and {helped}",
    )
    # What helpers might do with the request that they help with: complete it, give it up, remove it.
    for what, text in (
        ("complete", changed(helped, "status", "'completed'")),
        ("complete", changed(helped, "status", "'completed'", ", completed_at = now()")),
        ("give up", GIVEN_UP.format(beside="", whose=helped)),
        ("give up", GIVEN_UP.format(beside=", helped_at = null", whose=helped)),
        ("remove", f"delete from public.help_requests where {helped}"),
    ):
        attacks += bob(text, what=f"{what} the request that he helps with", control=f"{others} and {helped}")
    for beside in "", ", helper_id = %(alice)s":
        attacks += bob(
            changed(helped, "user_id", "%(me)s", beside),
            what="take over the request that he helps with",
            control=f"{others} and {helped}",
        )
    assert not attacks


# What the address is for, and nobody else: see test_an_address_is_for_the_helper.
WHERE_TOLD = """
{object}: decide who is told where. A grant on the whole table covers every column: take SELECT away, and grant the
other columns again to those that had them (others than these may lose what they read). A function of the project that
tells the address is to be mended where it is. In the reference it is this:
"""

LOCATION = f"""
do $$
begin
    revoke select on public.help_requests from public, anon, authenticated;
    execute (
        select format('grant select (%s) on public.help_requests to authenticated',
                      string_agg(quote_ident(attname), ', '))
        from pg_catalog.pg_attribute
        where attrelid = 'public.help_requests'::regclass and attnum > 0 and not attisdropped
        and attname <> 'location_override'
    );
end $$;
drop function if exists public.get_request_location(uuid);
create function public.get_request_location(request_id uuid) returns text
language sql stable security definer set search_path = '' as $$
    select r.location_override from public.help_requests r
    where r.id = $1 and {APPROVED} and (
        auth.uid() in (r.user_id, r.helper_id) or {ADMIN}
        or (r.status::text = 'open' and r.location_privacy = 'public')
        or (r.status::text = 'open' and r.location_privacy = 'helpers_only'
            and exists (select from public.help_requests h where h.helper_id = auth.uid()))
    )
$$;
revoke execute on function public.get_request_location(uuid) from public, anon;
grant execute on function public.get_request_location(uuid) to authenticated;
"""

AFTER_MATCH = "r.location_privacy = 'after_match' and r.location_override is not null"

# Functions that the API serves to members, that are given an id, and whose text is about the address: by their names.
TELLING_WHERE = """
select replace(format('%%I.%%I', n.nspname, p.proname), '%%', '%%%%')
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_type t on t.oid = p.prorettype
where n.nspname = any (%(exposed)s) and p.prokind = 'f' and (t.typtype <> 'p' or t.typname = 'record')
and p.pronargs = 1 and p.proargtypes[0] = 'uuid'::regtype
and case when p.prokind = 'f' then pg_catalog.pg_get_functiondef(p.oid) end ~ 'location_override'
and exists (
    select from pg_catalog.pg_roles r
    where r.rolname = any (%(api_roles)s) and has_function_privilege(r.oid, p.oid, 'execute'))
order by 1
"""

# What a function gives may be text, a row or a document: the address is looked for in it.
GIVEN = """
select from (select {function}(%(request)s)) as given
where position(%(address)s in given::text) > 0
"""


TELLING = f"select from public.help_requests r where {AFTER_MATCH} and {{whose}}"

# Requests, one for each status, with the addresses that the owner of the database knows of.
MATCHED = f"""
select distinct on (r.status) array[r.id::text, r.location_override]
from public.help_requests r
where {AFTER_MATCH} and {{whose}} and r.status in ('open', 'in_progress', 'completed')
order by r.status, r.id
"""

HELPERS = """
select distinct h.helper_id from public.help_requests h
where h.helper_id in (%(nobody)s, %(guest)s, %(pending)s, %(rejected)s, %(stranger)s, %(alice)s, %(bob)s)
"""

FOR_EVERYBODY = """
select array[r.id::text, r.location_override] from public.help_requests r
where r.location_privacy = 'public' and r.location_override is not null and r.status = 'open'
and r.user_id not in (%(alice)s, %(stranger)s) order by r.id limit 1
"""

FOR_HELPERS = """
select array[r.id::text, r.location_override] from public.help_requests r
where r.location_privacy = 'helpers_only' and r.location_override is not null and r.status = 'open'
and r.user_id not in (%(alice)s, %(bob)s) order by r.id limit 1
"""


@mark.policy(
    "HELP-09",
    severity="P1",
    wrong="Addresses meant for after the match are seen by others, or not by the helper",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(WHERE_TOLD, LOCATION),
)
def test_an_address_is_for_the_helper(owner, outsiders, stranger, alice, bob):
    """An address meant for after the match is seen by the matched helper, and by nobody else but owner and admins.

    It is looked for in the column location_override itself and in what functions give that are asked with a request's
    id and are about that column; they give an address for helpers to nobody who has never helped. Row level security
    hides rows, not columns: who may read an open request reads all of its columns that are granted. Views and other
    functions are the matter of EXPO-11.
    """

    def seen_by(people, which, what, me="bob"):
        seen = people(f"select from public.help_requests r where {AFTER_MATCH} and {which}", what=what)
        for function, (request, address) in product(functions, matched(which, me) or [(None, None)]):
            known = {"request": request, "address": address}
            given = GIVEN.format(function=function)
            seen += people(given, what=what, of="calls", control=TELLING.format(whose=which), **known)
        return seen

    def told(who, what, request, address):
        known = {"request": request, "address": address, "what": what, "control": "select true"}
        seen = who(
            "select from public.help_requests r where r.id = %(request)s and r.location_override = %(address)s", **known
        )
        for function in functions:
            seen += who(GIVEN.format(function=function), of="calls", **known)
        return seen

    def matched(which, me="bob"):
        others = "r.user_id <> %(stranger)s and r.helper_id is distinct from %(stranger)s"
        return owner(MATCHED.format(whose=f"{which.replace('%(me)s', f'%({me})s')} and {others}"))

    functions = owner(TELLING_WHERE)
    assert not seen_by(
        outsiders | bob,
        "r.user_id is distinct from %(me)s and r.helper_id is distinct from %(me)s",
        "learn an address meant for after the match",
    )
    # What is for helpers is not for those who have never helped anybody, whether or not they may see that they have.
    helpers = list(owner(HELPERS))
    for function, (request, address) in product(functions, owner(FOR_HELPERS)):
        assert not (outsiders | alice | bob)(
            f"{GIVEN.format(function=function)} and (%(me)s::uuid = any (%(helpers)s::uuid[])) is not true",
            what="learn an address meant for helpers",
            of="calls",
            control="select true",
            request=request,
            address=address,
            helpers=helpers,
        )
    helped = "r.helper_id = %(me)s and r.status = 'in_progress'"
    if matched(helped):
        assert seen_by(bob, helped, "learn the address where he helps")
    own = "r.user_id = %(me)s and r.status in ('open', 'in_progress')"
    if functions and matched(own, "alice"):
        assert seen_by(alice, own, "learn the address of her own request", "alice")
        for request, address in matched(own, "alice"):
            assert told(alice, "learn the address of each of her requests", request, address)
    # Where a function tells addresses, it tells those whom they are for.
    if functions:
        for request, address in owner(FOR_EVERYBODY):
            assert told(stranger, "learn an address that is public", request, address)
        for request, address in owner(FOR_HELPERS) if str(owner("select %(alice)s")[0]) in map(str, helpers) else ():
            assert told(alice, "learn an address meant for helpers, as one", request, address)


@mark.policy(
    "HELP-10",
    severity="P1",
    wrong="Owners cannot take a helper, or the helper does not see the request",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(TOO_STRICT, OWNERS_AND_HELPERS),
)
def test_owners_take_helpers(owner, alice, stranger):
    """The owner of an open request takes a helper, the request is in progress, and the helper sees it.

    Without it nobody is ever helped, and none of the rules about helpers can be seen to work.
    """
    asked = len(alice.does(ASK, **a_category(owner)))
    # Some databases write the time themselves and leave it in no grant, others leave it to the client.
    hers = "user_id = %(me)s and " + ("title = 'A lift to the market'" if asked else "status = 'open'")
    taken = [
        alice.does(
            f"update public.help_requests set helper_id = %(stranger)s, status = 'in_progress'{time} where {hers}",
            what="take a helper",
            then="""
            select from public.help_requests r
            where r.user_id = %(me)s and r.helper_id = %(stranger)s and r.status = 'in_progress'
            and r.helped_at is not null
            """,
            control=f"select from public.help_requests where {hers}",
        )
        for time in (", helped_at = now()", "")
    ]
    assert taken[0] + taken[1]
    assert stranger(
        """
        select r.title, r.category, r.urgency from public.help_requests r
        where r.user_id = %(alice)s and r.helper_id = %(me)s and r.status = 'in_progress'
        """,
        what="see the request that they help with",
    )


HERS = "user_id = %(me)s and status::text = '{before}'"
IN_ORDER = f"select from public.help_requests r where {{which}} and {CONTRADICTIONS} is null"
TIMES = {"in_progress": "helped_at", "completed": "completed_at", "cancelled": "cancelled_at"}

# From one status to another, with what becomes of the helper.
STEPS = (
    ("complete a request", "in_progress", "completed", ""),
    ("call a request off", "in_progress", "cancelled", ""),
    ("call an open request off", "open", "cancelled", ""),
    ("let the helper go", "in_progress", "open", ", helper_id = null"),
    ("open a request again", "completed", "open", ", helper_id = null"),
)
CONTRADICTING = f"public.help_requests r where {CONTRADICTIONS} is not null"
# What nobody may make of a request, whatever it was before, and how it is seen.
_MADE = {
    "complete a request before it was made": "status = 'completed', completed_at = created_at - interval '1 day'",
    "call a request off before it was made": "status = 'cancelled', cancelled_at = created_at - interval '1 day'",
    "complete a request without a time": "status = 'completed', completed_at = null",
    "call a request off without a time": "status = 'cancelled', cancelled_at = null",
    "help oneself": "status = 'in_progress', helper_id = %(me)s, helped_at = now()",
    "open a request that has a helper": "status = 'open', helper_id = %(bob)s",
    "open a request that has times": "status = 'open', helper_id = null, helped_at = now(), completed_at = now()",
    "be helped by nobody": "status = 'in_progress', helper_id = null, helped_at = now()",
    "be helped at no time": "status = 'in_progress', helper_id = %(bob)s, helped_at = null",
    "be helped before asking": "status = 'in_progress', helper_id = %(bob)s, helped_at = created_at - interval '1 day'",
    "name oneself as the helper": "helper_id = %(me)s",
    "lose the helper": "helper_id = null",
}
# Words that nobody knows, in columns that take words.
MADE_UP = {
    f"make up the {column}": (
        f"{column} = 'no such word'",
        f"public.help_requests where {column}::text = 'no such word'",
    )
    for column in ("status", "urgency", "category")
} | {
    f"leave out the {column}": (f"{column} = null", f"public.help_requests where user_id = %(me)s and {column} is null")
    for column in ("status", "urgency", "category")
}
OF_WORDS = """
select a.attname::text from pg_catalog.pg_attribute a
where a.attrelid = 'public.help_requests'::pg_catalog.regclass and a.attname in ('status', 'urgency', 'category')
and a.atttypid in ('pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.varchar'::pg_catalog.regtype)
"""
FORGED = {what: (change, f"{CONTRADICTING} having count(*) > %(known)s") for what, change in _MADE.items()}
# Where the database writes the times itself.
OWN_TIMES = {
    f"say oneself when {what}": (
        f"status = '{status}', {column} = created_at + interval '1 second'",
        f"public.help_requests where {HERS.format(before=status)} and {column} = created_at + interval '1 second'",
    )
    for what, status, column in (
        ("help began", "in_progress", "helped_at"),
        ("help ended", "completed", "completed_at"),
        ("it was called off", "cancelled", "cancelled_at"),
    )
}


@mark.policy(
    "HELP-11",
    severity="P2",
    wrong="Owners cannot lead a request through its life, or can make it contradict itself",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- {object}: let a trigger set what belongs to a status (helper and times) as the status changes, and constraints
    -- refuse what contradicts it: see HELP-07 for what must agree.
    """,
)
def test_requests_keep_to_their_life(owner, alice):
    """Owners lead a request through its life, and cannot make it contradict itself.

    Each step is taken as a client may send it, with the time and without: one of the two must work, and leave a request
    whose status agrees with its helper and its times, as HELP-07 has it. Then the same is tried with times and helpers
    that cannot be, and words that nobody knows. Where the database writes the times itself, nobody else does.
    """
    writes_times = False
    for what, before, after, beside in STEPS:
        plain, timed = (
            alice(
                f"update public.help_requests set status = '{after}'{beside}{time} where {HERS.format(before=before)}",
                what=what,
                then=IN_ORDER.format(which=HERS.format(before=after)),
                control=f"select from public.help_requests where {HERS.format(before=before)}",
                constraint_counts=True,
            )
            for time in (
                "",
                f", {TIMES[after]} = now()" if after in TIMES else ", helped_at = null, completed_at = null",
            )
        )
        writes_times = writes_times or (after == "completed" and bool(plain.rows))
        assert plain + timed
    (known,) = owner(f"select count(*) from {CONTRADICTING}")
    in_words = {str(name) for name in owner(OF_WORDS)}
    words = {what: made for what, made in MADE_UP.items() if what.split()[-1] in in_words}
    forged = [
        alice(
            f"update public.help_requests set {change} where {HERS.format(before=before)}",
            what=what,
            then=f"select from {then}",
            known=known,
            control=f"select from public.help_requests where {HERS.format(before=before)}",
            constraint_counts=True,
        )
        for what, (change, then) in {**FORGED, **words, **(OWN_TIMES if writes_times else {})}.items()
        for before in ("open", "in_progress", "completed")
    ]
    assert not sum(forged[1:], forged[0])
