"""Runbook 4: messaging."""

from functools import reduce
from itertools import product
from operator import add

from pytest import mark

from audit.advice import LET_IT_ASK, decide
from audit.catalog.indexes import BTREES, orders
from audit.generations import columns, each_generation, people_leave, seats

RUNBOOK = "4. Messaging System Issues"

TAKES_PART = """
create schema if not exists private;
grant usage on schema private to authenticated;
create or replace function private.takes_part(conversation uuid, moment timestamptz) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.conversation_participants p join public.profiles m on m.id = p.user_id
    where p.conversation_id = conversation and p.user_id = auth.uid() and m.verification_status = 'approved'
    and (p.left_at is null or moment < p.left_at))
$$;
"""

RULES = """
{object}: see which policy, grant, trigger or function of the three tables of messaging it is. Mend that one: a narrower
condition, or a restrictive policy beside it. Dropping it, or making all anew, also stops what works.
"""

# The runbook's last resort for policies, for three tables: what was there goes, what is needed comes.
RESET = f"""
The last resort replaces every grant to the API roles and every policy on the three tables. It is right only where they
have the columns of the reference, and nothing else (a view, a function, another role) lives by what is there now:
{TAKES_PART}
do $reset$
declare old record;
begin
  for old in
    select p.polname, p.polrelid::regclass as relation from pg_catalog.pg_policy p
    where p.polrelid in ('public.conversations'::regclass, 'public.conversation_participants'::regclass,
                         'public.messages'::regclass)
  loop
    execute format('drop policy %I on %s', old.polname, old.relation);
  end loop;
end $reset$;
alter table public.conversations enable row level security;
alter table public.conversation_participants enable row level security;
alter table public.messages enable row level security;
revoke all on public.conversations, public.conversation_participants, public.messages from public, anon, authenticated;
grant select on public.conversations, public.conversation_participants, public.messages to authenticated;
grant insert (conversation_id, sender_id, content), update (status, read_at) on public.messages to authenticated;
create policy "participants read" on public.conversations for select to authenticated
using ((select auth.uid()) is not null and private.takes_part(id, 'infinity'));
create policy "participants read" on public.conversation_participants for select to authenticated
using ((select auth.uid()) is not null and private.takes_part(conversation_id, 'infinity'));
create policy "participants read" on public.messages for select to authenticated
using ((select auth.uid()) is not null and private.takes_part(conversation_id, created_at));
create policy "participants send" on public.messages for insert to authenticated
with check (sender_id = (select auth.uid()) and private.takes_part(conversation_id, 'infinity'));
create policy "recipients mark as read" on public.messages for update to authenticated
using (sender_id <> (select auth.uid()) and private.takes_part(conversation_id, 'infinity'))
with check (
    sender_id <> (select auth.uid()) and status in ('delivered', 'read')
    and private.takes_part(conversation_id, 'infinity'));
"""

# By its name it comes last, after whatever writes something else.
NEWEST = """
What moves last_message_at, if nothing does so yet:
create or replace function public.note_newest_message() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.conversations c
  set last_message_at = (select max(m.created_at) from public.messages m where m.conversation_id = c.id),
      updated_at = now()
  where c.id in (select a.conversation_id from added a);
  return null;
end $$;
revoke execute on function public.note_newest_message() from public, anon, authenticated;
create or replace trigger zz_note_newest_message after insert on public.messages
referencing new table as added for each statement execute function public.note_newest_message();
"""

# Only where there is such a function; its arguments may have other names.
START = """
A function that begins conversations, if the one that is there is to go:
do $start$
begin
  if to_regprocedure('public.start_conversation(uuid, uuid)') is null then return; end if;
  drop function public.start_conversation(uuid, uuid);
  create function public.start_conversation(request_id uuid, other_member uuid) returns uuid
  language plpgsql security definer set search_path = '' as $body$
  declare conversation uuid;
  begin
    perform from public.help_requests r join public.profiles p on p.id = auth.uid()
    where r.id = $1 and p.verification_status = 'approved'
    and ((r.user_id, r.helper_id) = (auth.uid(), $2) or (r.user_id, r.helper_id) = ($2, auth.uid()))
    for no key update of r;
    if not found then
      raise exception 'a conversation is between the owner and the helper' using errcode = 'insufficient_privilege';
    end if;
    select c.id into conversation from public.conversations c
    where c.help_request_id = $1 and 2 = (
      select count(*) from public.conversation_participants p
      where p.conversation_id = c.id and p.user_id in (auth.uid(), $2) and p.left_at is null)
    limit 1;
    if conversation is null then
      insert into public.conversations (help_request_id, created_by) values ($1, auth.uid())
      returning id into conversation;
      insert into public.conversation_participants (conversation_id, user_id)
      values (conversation, auth.uid()), (conversation, $2);
    end if;
    return conversation;
  end $body$;
  revoke execute on function public.start_conversation(uuid, uuid) from public, anon;
  grant execute on function public.start_conversation(uuid, uuid) to authenticated;
end $start$;
"""

LEAVE = """
A function for leaving, if the one that is there is to go:
do $leave$
begin
  if to_regprocedure('public.leave_conversation(uuid)') is null then return; end if;
  drop function public.leave_conversation(uuid);
  create function public.leave_conversation(conversation_id uuid) returns void
  language sql security definer set search_path = '' as $body$
    update public.conversation_participants p set left_at = now()
    where p.conversation_id = $1 and p.user_id = auth.uid() and p.left_at is null
  $body$;
  revoke execute on function public.leave_conversation(uuid) from public, anon;
  grant execute on function public.leave_conversation(uuid) to authenticated;
end $leave$;
"""


@mark.policy(
    "MSG-01",
    severity="P2",
    wrong="Conversations have fewer than two participants",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    insert into public.conversation_participants (conversation_id, user_id)
    select c.id, party from public.conversations c join public.help_requests r on r.id = c.help_request_id
    cross join lateral (values (r.user_id), (r.helper_id)) as parties (party)
    where c.id = {object} and party is not null on conflict do nothing;
    """,
)
@each_generation
def test_every_conversation_has_two_participants(auditor):
    """Every conversation has at least two participants, those who have left included.

    Somebody writes there and nobody reads it. The fix takes in the owner and the helper of the help request.
    """
    assert not auditor(
        """
        select c.id as object, count(p.user_id) as participants
        from public.conversations c left join public.conversation_participants p on p.conversation_id = c.id
        group by c.id having count(p.user_id) < 2
        """,
        of="public.conversations",
    )


@mark.policy(
    "MSG-02",
    severity="P1",
    wrong="Messages were sent by people who took no part in the conversation",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(
        "Find out first how message {object} came in, and keep a copy. Then decide whether it is to go:",
        "delete from public.messages where id = {object};",
    ),
)
@each_generation
def test_every_sender_took_part(auditor):
    """Every message was sent by somebody who took part in the conversation at that time.

    A message from an outsider means that the rules of access were got round, or switched off for a while.
    """
    assert not auditor(
        """
        select m.id as object, m.conversation_id, m.created_at as sent
        from public.messages m
        where not exists (
            select from public.conversation_participants p
            where p.conversation_id = m.conversation_id and p.user_id = m.sender_id
            and p.joined_at <= m.created_at and (p.left_at is null or p.left_at >= m.created_at))
        """,
        of="public.messages",
    )


@mark.policy(
    "MSG-03",
    severity="P2",
    wrong="Conversations show the wrong time of their last message",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    update public.conversations c
    set last_message_at = (select max(m.created_at) from public.messages m where m.conversation_id = c.id)
    where c.id = {object};
    """,
)
@each_generation
def test_the_last_message_time_is_true(auditor):
    """A conversation's last_message_at is the time of its newest message, to the second.

    Conversations are listed by it: one with a false time is out of sight. The runbook's reset writes the present time,
    which is false too. Conversations without messages are left aside.
    """
    assert not auditor(
        """
        select c.id as object, c.last_message_at as stored, newest.at as newest
        from public.conversations c
        join (select conversation_id, max(created_at) as at from public.messages group by conversation_id) as newest
        on newest.conversation_id = c.id
        where c.last_message_at is null or abs(extract(epoch from c.last_message_at - newest.at)) > 1
        """,
        of="public.conversations",
    )


@mark.policy(
    "MSG-04",
    severity="P2",
    wrong="Messages say wrongly whether they were read",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    update public.messages
    set status = case when read_at is not null then 'read' else status end,
        read_at = case when status = 'read' or read_at is not null
                  then greatest(coalesce(read_at, created_at), created_at) end
    where id = {object};
    """,
)
@each_generation
def test_read_messages_have_their_time(auditor):
    """A message is marked as read exactly when it has read_at, which is not before it was sent.

    People are told "read" about messages that nobody opened, or wait for an answer to one that was.
    """
    assert not auditor(
        """
        select m.id as object, m.status::text as status, m.created_at as sent, m.read_at as read
        from public.messages m
        where (m.status::text = 'read') is distinct from (m.read_at is not null) or m.read_at < m.created_at
        """,
        of="public.messages",
    )


@mark.policy(
    "MSG-05",
    severity="P2",
    wrong="Messages have been waiting for their delivery for more than 24 hours",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- Message {object} still waits: see whether realtime and the notification job run. They deliver it once they do.
    """,
)
@each_generation
def test_messages_are_delivered_within_a_day(auditor):
    """No message has been waiting for delivery for more than 24 hours (undelivered_hours).

    One is a recipient who is away; many are a delivery job that has stopped.
    """
    assert not auditor(
        """
        select m.id as object, m.created_at as sent
        from public.messages m
        where m.status::text = 'sent' and m.created_at < now() - %(undelivered_hours)s * interval '1 hour'
        """,
        of="public.messages",
    )


@mark.policy(
    "MSG-06",
    severity="P1",
    wrong="The index that conversations are read by is missing or of no use",
    pack="care-collective",
    runbook=RUNBOOK,
    fix="""
    -- On a live database: create index concurrently, so that nobody has to wait.
    create index on public.messages (conversation_id, created_at);
    """,
)
@each_generation
def test_an_index_serves_a_conversations_messages(auditor):
    """A usable index on public.messages leads with conversation_id and created_at.

    Every conversation is read by it, in the order of time. Its name does not matter, only what it serves: valid, a
    B-tree in either direction, of all messages.
    """
    assert not auditor(
        f"""
        select 'public.messages (conversation_id, created_at)' as object
        from pg_catalog.pg_class c
        where c.oid = to_regclass('public.messages') and not exists (
            select from ({BTREES}) as b
            where b.relation = c.oid and coalesce(b.predicate, '') in ('', '(conversation_id IS NOT NULL)')
            and array_to_string(b.columns[1:2], ', ') = any (%(orders)s)
        )
        """,
        of="select count(*) as tables from pg_catalog.pg_class where oid = to_regclass('public.messages')",
        orders=orders(["conversation_id"], ["created_at"]),
    )


TABLES = ("public.conversations", "public.conversation_participants", "public.messages")

CAST = ", ".join(f"%({name})s" for name in ("nobody", "guest", "pending", "rejected", "stranger", "alice", "bob"))

# Where alice and somebody else take part.
THERE = """
select p.conversation_id from public.conversation_participants p
where p.user_id = %(alice)s and p.left_at is null and exists (
    select from public.conversation_participants o
    where o.conversation_id = p.conversation_id and o.user_id <> p.user_id and o.left_at is null)
order by p.conversation_id limit 1
"""

# Where alice takes part.
HERE = (
    "select p.conversation_id from public.conversation_participants p where p.user_id = %(alice)s and p.left_at is null"
)

SEND = """
insert into public.messages (conversation_id, sender_id, content)
select there, %(sender)s, 'audit' from unnest(%(there)s) as there
"""


@mark.policy(
    "MSG-07",
    severity="P0",
    wrong="Outsiders read conversations, or participants cannot",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(RULES, RESET),
)
@each_generation
def test_only_participants_read_a_conversation(owner, alice, stranger, anon, nobody, guest, pending, rejected):
    """Participants read their conversation, and outsiders read none of it, in all three tables.

    Outsiders are everybody whom the API lets in and who takes no part: also a participant of some other conversation. A
    policy that asks its own table ends in an error for everybody (42P17): nobody reads anything then.
    """
    everywhere = "select conversation_id from public.conversation_participants where user_id = "
    conversations, participants, messages = (
        (anon | nobody | guest | pending | rejected)(f"select from {table}")
        + reduce(
            add,
            [
                person(
                    f"select from {table} where {column} <> all (%(mine)s)",
                    what=f"select {table}{whose}",
                    mine=owner(f"{everywhere} %({name})s"),
                )
                for person, name, whose in ((stranger, "stranger", ""), (alice, "alice", " of other people"))
            ],
        )
        for table, column in zip(TABLES, ("id", "conversation_id", "conversation_id"), strict=True)
    )
    assert not conversations + participants + messages
    for table in TABLES:
        assert alice(f"select from {table}")
    here = owner(HERE)
    assert alice(
        "select from public.messages where sender_id <> %(me)s and conversation_id = any (%(here)s)",
        what="read what others wrote to her",
        here=here,
    )


# Functions that the API serves to members, that are given ids alone, and that are about who takes part.
ABOUT_TAKING_PART = f"""
select p.oid::regprocedure as object, p.oid::regproc as _function,
       {LET_IT_ASK} as fix
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any (%(exposed)s) and p.prokind = 'f' and p.pronargs = %(ids)s
and not exists (select from unnest(p.proargtypes) as given where given <> 'uuid'::regtype)
and case when p.prokind = 'f' then pg_catalog.pg_get_functiondef(p.oid) end
    ~ split_part('public.conversation_participants', '.', 2)
and exists (
    select from pg_catalog.pg_roles r
    where r.rolname = 'authenticated' and has_function_privilege(r.oid, p.oid, 'execute'))
"""


# Functions that the API serves to members, and that write a message of one text and one or two ids: where each is.
SENDING = f"""
select p.oid::regprocedure as object, p.oid::regproc as _function,
       (select string_agg(case given when 'uuid'::regtype then 'i' else 't' end, '' order by place)
        from unnest(p.proargtypes::pg_catalog.oid[]) with ordinality as a (given, place)) as _shape,
       {LET_IT_ASK} as fix
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = any (%(exposed)s) and p.prokind = 'f' and p.provolatile = 'v' and p.pronargs in (2, 3)
and cardinality(array_remove(p.proargtypes::pg_catalog.oid[], 'uuid'::regtype::oid)) = 1
and 'text'::regtype = any (p.proargtypes)
and case when p.prokind = 'f' then pg_catalog.pg_get_functiondef(p.oid) end
    ~* ('insert\\s+into\\s+[^(]*' || split_part('public.messages', '.', 2))
and exists (
    select from pg_catalog.pg_roles r
    where r.rolname = 'authenticated' and has_function_privilege(r.oid, p.oid, 'execute'))
"""


def _name(row):
    """Return the quoted name of a function for a question with parameters: a percent sign in it begins none."""
    return row.quoted["_function"].replace("%", "%%")


def _sendings(row):
    """Return the calls of a function of SENDING into the conversation ``there``, in all orders of its ids."""
    shape = row.quoted["_shape"].strip("'")
    conversation = "(%(there)s)[1]"
    for ids in product((conversation, "%(alice)s", "%(me)s"), repeat=shape.count("i")):
        if conversation in ids:
            left = iter(ids)
            given = ", ".join(next(left) if kind == "i" else "'audit'" for kind in shape)
            yield f"select {_name(row)}({given})"


@mark.policy(
    "MSG-08",
    severity="P0",
    wrong="People send messages in another's name, or enter conversations uninvited",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(RULES, RESET),
)
@each_generation
def test_nobody_writes_in_another_name_or_uninvited(auditor, owner, alice, bob, outsiders):
    """Nobody sends in another's name, and no outsider writes into a conversation or adds themselves to one.

    Words put into somebody's mouth are worse than words read: the other party acts on them. Functions that begin
    conversations are called, too, with requests of others, and by one who is no member any more with their own.
    """
    there = owner(THERE)
    requests = owner(
        """
        select c.help_request_id from public.conversations c
        join public.conversation_participants p on p.conversation_id = c.id
        where (c.id = any (%(there)s) or p.user_id = %(rejected)s) and not exists (
            select from public.help_requests r
            where r.id = c.help_request_id and %(stranger)s in (r.user_id, r.helper_id))
        """,
        there=there,
    )
    taking_part = owner(
        f"""
        select p.conversation_id::text || p.user_id from public.conversation_participants p where p.user_id in ({CAST})
        """
    )
    begun = [
        outsiders(
            f"select {_name(row)}(%(request)s, %({other})s)",
            then="""
            select %(found)s as object, %(mend)s as fix from public.conversation_participants p
            where p.user_id = %(me)s
            and (p.joined_at >= now() or p.conversation_id::text || p.user_id <> all (%(taking_part)s))
            """,
            taking_part=taking_part,
            control="select true",
            request=request,
            found=row.object,
            mend=row.fix,
        )
        for row in auditor(ABOUT_TAKING_PART, of="public.conversation_participants", ids=2)
        for request in dict.fromkeys(requests)
        for other in ("alice", "bob")
    ]
    elsewhere = owner(
        """
        select c.id from public.conversations c where not exists (
            select from public.conversation_participants p
            where p.conversation_id = c.id and p.user_id in (%(alice)s, %(bob)s)) order by c.id limit 1
        """
    )
    # Words of hers would hold her where she is, by their key: where she wrote none, only rules can.
    quiet = owner(
        """
        select p.conversation_id from public.conversation_participants p
        where p.user_id = %(alice)s and p.left_at is null order by exists (
            select from public.messages m where m.conversation_id = p.conversation_id and m.sender_id = p.user_id),
        p.conversation_id limit 1
        """
    )
    # Her own, or somebody's, and into one that is there.
    joining = [
        people(
            f"insert into {table} ({conversation}, {person}) select there, %(me)s from unnest(%(there)s) as there",
            what="join others' conversation",
            there=where,
        )
        for people, where in ((outsiders, there), (alice, elsewhere))
        for table, conversation, person in seats(owner)
        if conversation != "id"
    ]
    joining += [
        alice(
            f"""
            update {table} set {conversation} = (%(elsewhere)s)[1]
            where {person} = %(me)s and {conversation} = any (%(there)s)
            """,
            what="move into others' conversation",
            there=quiet,
            elsewhere=elsewhere,
        )
        for table, conversation, person in seats(owner)
        if conversation != "id"
    ]
    # Her own, or blindly whatever she may change: a key that keeps senders among the participants may be the guard.
    moved = {
        "what": "move a message into others' conversation",
        "then": """
        select from public.messages m
        where m.conversation_id = (%(elsewhere)s)[1] and m.id <> all (%(known)s)
        """,
        "control": "select from public.messages where sender_id = %(me)s",
        "constraint_counts": True,
        "elsewhere": elsewhere,
        "known": owner("select id from public.messages where conversation_id = any (%(where)s)", where=elsewhere),
    }
    own = alice("update public.messages set conversation_id = (%(elsewhere)s)[1] where sender_id = %(me)s", **moved)
    own += alice("update public.messages set conversation_id = (%(elsewhere)s)[1]", **moved)
    joining += [
        outsiders(
            f"""
            update {table} set {person} = %(me)s
            where {person} = %(whom)s and {conversation} = any (%(there)s)
            """.replace("%(whom)s", f"%({whom})s"),
            what="take a participant's place",
            control=f"select from {table} where {conversation} = any (%(there)s)",
            constraint_counts=True,
            there=there,
        )
        for table, conversation, person in seats(owner)
        for whom in ("alice", "bob")[: len(seats(owner))]
    ]
    sent = [
        outsiders(
            call,
            then="""
            select %(found)s as object, %(mend)s as fix from public.messages m
            where m.content = 'audit' and m.conversation_id = any (%(there)s)
            """,
            control="select true",
            constraint_counts=True,
            there=there,
            found=row.object,
            mend=row.fix,
        )
        for row in auditor(SENDING, of="public.messages")
        for call in _sendings(row)
    ]
    assert not (
        alice(SEND.replace("%(sender)s", "%(bob)s"), what="send a message as bob", there=there)
        + bob(SEND.replace("%(sender)s", "%(alice)s"), what="send a message as alice", there=there)
        + outsiders(SEND.replace("%(sender)s", "%(me)s"), what="send a message into others' conversation", there=there)
        + outsiders(SEND.replace("%(sender)s", "%(alice)s"), what="send a message as alice", there=there)
        + reduce(add, begun + sent + joining, own)
    )


@mark.policy(
    "MSG-09",
    severity="P1",
    wrong="Who has left a conversation still reads or writes in it",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(RULES, LEAVE, RESET),
)
@each_generation
def test_who_has_left_is_out(auditor, owner, alice, bob):
    """Who has left a conversation reads nothing newer, writes nothing, and does not let themselves in again.

    People leave, or are made to leave, for a reason. Leaving one conversation leaves no other. Where there is a
    function public.leave_conversation(uuid), it works.
    """
    people_leave(owner)
    left = owner(
        "select conversation_id from public.conversation_participants where user_id = %(bob)s and left_at is not null"
    )
    newer = owner(
        """
        select m.id from public.messages m join public.conversation_participants p
        on p.conversation_id = m.conversation_id and p.user_id = %(bob)s and p.left_at < m.created_at
        """
    )
    # Whoever leaves again has now() for the time.
    before = owner(
        "select conversation_id from public.conversation_participants where user_id = %(bob)s and left_at < now()"
    )
    leave = "public.leave_conversation(uuid)"
    functions = auditor(ABOUT_TAKING_PART, of="public.conversation_participants", ids=1)
    moved = [
        bob(
            f"select {_name(row)}(there) from unnest(%(before)s) as there",
            then="""
            select %(found)s as object, %(mend)s as fix from public.conversation_participants p
            where p.user_id = %(me)s and p.conversation_id = any (%(before)s) and coalesce(p.left_at, now()) >= now()
            """,
            control="select true",
            before=before,
            found=row.object,
            mend=decide(LEAVE) if row.object == leave else row.fix,
        )
        for row in functions
    ]
    moved += [
        alice(
            f"select {_name(row)}((%(there)s)[1])",
            what="leave a conversation",
            then="""
            select %(found)s as object, %(mend)s as fix from public.conversation_participants p
            where p.conversation_id <> (%(there)s)[1] and p.left_at >= now()
            """,
            control="select true",
            there=owner(THERE),
            found=row.object,
            mend=decide(LEAVE) if row.object == leave else row.fix,
        )
        for row in functions
    ]
    mine = "select from public.conversation_participants p where p.user_id = %(me)s and p.left_at is not null"
    # Back by no time of leaving or by a later one, and with or without a condition, to which other policies apply.
    back = [
        bob(
            f"update public.conversation_participants set left_at = {time}{condition}",
            what="come back after leaving",
            then="""
            select from public.conversation_participants p
            where p.user_id = %(me)s and p.conversation_id = any (%(before)s) and coalesce(p.left_at, now()) >= now()
            """,
            control=mine,
            constraint_counts=True,
            before=before,
        )
        for time in ("null", "now()")
        for condition in (" where user_id = %(me)s and left_at is not null", "")
    ]
    # What was written before may be read; whatever is done to it now is writing.
    others = "select from public.messages where conversation_id = any (%(left)s) and sender_id <> %(me)s"
    back += [
        bob(
            f"update public.messages set status = 'read', read_at = now(){condition}",
            what="mark messages as read after leaving",
            then=f"{others} and status = 'read' and read_at >= now()",
            control=others,
            constraint_counts=True,
            left=left,
        )
        for condition in (" where sender_id <> %(me)s and status <> 'read'", "")
    ]
    assert not (
        reduce(
            add,
            moved + back,
            bob("select from public.messages where id = any (%(newer)s)", what="read on after leaving", newer=newer),
        )
        + bob(SEND.replace("%(sender)s", "%(me)s"), what="write after leaving", there=left)
    )
    if owner(ITS_OWN, function=leave):
        assert alice(
            "select public.leave_conversation((%(there)s)[1])",
            what=f"leave by {leave}",
            then="""
            select from public.conversation_participants p
            where p.user_id = %(me)s and p.conversation_id = (%(there)s)[1] and p.left_at is not null
            """,
            there=owner(THERE),
        )


# Whether there is such a function, and it is about these tables and not about another generation's.
ITS_OWN = """
select 1 from pg_catalog.pg_proc p where p.oid = to_regprocedure(%(function)s)
and pg_catalog.pg_get_functiondef(p.oid) ~ split_part('public.conversation_participants', '.', 2)
"""

# A request of alice's with which bob helps, or the other way round, and about which they talk.
TOGETHER = """
select r.id from public.help_requests r
where (r.user_id, r.helper_id) in ((%(alice)s, %(bob)s), (%(bob)s, %(alice)s))
and exists (
    select from pg_catalog.pg_proc p where p.oid = to_regprocedure('public.start_conversation(uuid, uuid)')
    and pg_catalog.pg_get_functiondef(p.oid) ~ split_part('public.conversation_participants', '.', 2))
and 2 = (
    select count(*) from public.conversations c join public.conversation_participants p on p.conversation_id = c.id
    where c.help_request_id = r.id and p.user_id in (%(alice)s, %(bob)s) and p.left_at is null)
order by r.id limit 1
"""

# The conversations of the two about it, if they have one.
THEIRS = """
select from public.conversations c where c.help_request_id = %(request)s and 2 = (
    select count(*) from public.conversation_participants p
    where p.conversation_id = c.id and p.user_id in (%(alice)s, %(bob)s) and p.left_at is null)
having count(*) = 1
"""

# Every request with which one of the two helps the other, whether they talk about it or not.
SHARED = TOGETHER[: TOGETHER.index("and 2 = (")] + "order by r.id limit 6"
# Of the conversation that was started: it is about the request, and both are in it.
STARTED = """
select from public.conversations c
where c.id::text = current_setting('audit.started') and c.help_request_id = %(request)s and 2 = (
    select count(*) from public.conversation_participants p
    where p.conversation_id = c.id and p.user_id in (%(alice)s, %(bob)s) and p.left_at is null)
"""


@mark.policy(
    "MSG-10",
    severity="P1",
    wrong="Participants cannot send messages",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(RULES, NEWEST, START, RESET),
)
@each_generation
def test_sending_works(owner, alice, bob):
    """A participant can send a message, and it moves the conversation's last_message_at.

    A rule that keeps everybody out keeps outsiders out too; that is no messaging system. Where there is a function
    public.start_conversation(uuid, uuid), both parties of a help request find their conversation by it, and no second:
    the one about that request, in which both are.
    """
    there = owner(THERE)
    send = SEND.replace("%(sender)s", "%(me)s")
    assert alice(send, what="send a message", control="select from unnest(%(there)s) as there", there=there)
    if "last_message_at" in columns(owner, "public.conversations"):
        assert alice(
            send,
            what="move last_message_at by sending",
            then="""
            select from public.conversations c where c.id = any (%(there)s) and c.last_message_at = (
                select max(m.created_at) from public.messages m where m.conversation_id = c.id)
            """,
            there=there,
        )
    for request in owner(TOGETHER):
        for who, other in (alice, "bob"), (bob, "alice"):
            assert who(
                f"select public.start_conversation(%(request)s, %({other})s)",
                what=f"start the conversation with {other}",
                then=THEIRS,
                request=request,
            )
    for request in owner(SHARED):
        for who, other in (alice, "bob"), (bob, "alice"):
            started = f"public.start_conversation(%(request)s, %({other})s)"
            assert who(
                f"select set_config('audit.started', {started}::text, true)",
                what=f"find or start the conversation with {other}",
                then=STARTED,
                request=request,
            )


@mark.policy(
    "MSG-11",
    severity="P2",
    wrong="People rewrite or delete the messages of others",
    pack="care-collective",
    runbook=RUNBOOK,
    fix=decide(RULES, RESET),
)
@each_generation
def test_nobody_rewrites_or_deletes_others_messages(owner, alice, bob, outsiders):
    """Nobody rewrites or deletes another's message, whether or not they can see it.

    Marking a message as read is the recipient's right; its words, sender and time are not, and what was delivered stays
    that. A write that names a column in its condition and one that names none meet different policies: both are tried.
    """
    (others,) = owner("select count(*) from public.messages where sender_id <> %(alice)s")
    rewritten = "select from public.messages where content = 'rewritten' and sender_id <> %(me)s"
    fewer = """
        select from (select count(*) as still from public.messages where sender_id <> %(alice)s) as there
        where still < %(others)s
    """
    theirs = "select from public.messages where sender_id <> %(me)s"
    # Under cover of what a recipient may do, with and without a condition.
    reading = "update public.messages set content = 'rewritten', status = 'read', read_at = now()"
    rewriting = [
        (alice | bob)(f"{reading}{condition}", what=what, then=rewritten, control=theirs)
        for what, condition in (
            ("rewrite a message", " where sender_id <> %(me)s and status <> 'read'"),
            ("rewrite messages blindly", ""),
        )
        if {"status", "read_at"} <= columns(owner, "public.messages")
    ]
    if "status" in columns(owner, "public.messages"):
        rewriting.append(
            (alice | bob)(
                "update public.messages set status = 'sent' where status = 'delivered' and sender_id <> %(me)s",
                what="take delivery back",
            )
        )
    assert not (
        reduce(
            add,
            rewriting,
            alice(
                "update public.messages set content = 'rewritten' where sender_id = %(bob)s", what="rewrite a message"
            ),
        )
        + alice("update public.messages set content = 'rewritten'", what="rewrite messages blindly", then=rewritten)
        + (alice | bob)(
            "update public.messages set created_at = '1990-01-01'",
            what="change the time of messages",
            then="select from public.messages where created_at = '1990-01-01' and sender_id <> %(me)s",
            control=theirs,
        )
        + alice(
            "update public.messages set sender_id = %(me)s where sender_id = %(bob)s",
            what="take over a message",
            control=theirs,
        )
        + (alice | bob)("delete from public.messages where sender_id <> %(me)s", what="delete a message")
        + alice("delete from public.messages", what="delete messages blindly", then=fewer, others=others)
        + outsiders("update public.messages set content = 'rewritten' where id is not null", what="rewrite messages")
        + outsiders("update public.messages set content = 'rewritten'", what="rewrite messages blindly")
        + outsiders("delete from public.messages where id is not null", what="delete messages")
        + outsiders("delete from public.messages", what="delete messages blindly")
    )
