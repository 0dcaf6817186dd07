"""A made-up community: people, requests, exchanges, conversations, as rows that :mod:`audit.seeding.seeds` writes.

Nothing here knows the database. Every point in time is an *age*, in seconds before the moment of planting, so that the
same community is always the same distance from now: what is fresh stays fresh, and what is stale stays stale.

Every private text (e-mail, phone, address, message, ...) is used once only and is no part of another, so a value that
turns up where it should not tells whose it is; and each is of a kind that belongs to nobody: ``example.org``, the
fictional exchange 555, the postal code 00000, a running number in what people write.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, count
from random import Random

from audit.people import CAST
from audit.settings import Parts

Row = dict[str, object]

SEED = 20_260_101
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0

CATEGORIES = {
    "groceries": "Weekly groceries from the market",
    "transport": "A lift to the clinic and back",
    "household": "Help with a dripping tap",
    "meals": "A warm meal while I recover",
    "childcare": "Someone to mind the children",
    "petcare": "A walk for the dog",
    "medical": "Picking up a prescription",
    "companionship": "Company for a walk",
    "technology": "Setting up a new phone",
    "other": "A hand with paperwork",
}
URGENCIES = ("normal",) * 12 + ("urgent",) * 6 + ("critical",) * 2
STATUSES = ("open",) * 6 + ("in_progress",) * 4 + ("completed",) * 7 + ("cancelled",) * 2 + ("closed",)
PRIVACIES = ("public", "helpers_only", "after_match")

# A conversation has ten messages on average, so messages = 10 x conversations = 10 x members.
CONVERSATION_SIZES = (4, 16, 10, 7, 13)
# Nobody may make more than five exchanges within an hour; nobody here is party to more than five at all.
MOST_EXCHANGES = 5

CAST_AGES = {
    "guest": 5 * HOUR,
    "pending": 2 * DAY,
    "rejected": 40 * DAY,
    "alice": 300 * DAY,
    "bob": 280 * DAY,
    "stranger": 260 * DAY,
    "admin": 800 * DAY,
}

# The kinds of thing that have ids, as the beginning of the id. The cast's people have zeros there.
MEMBER, REQUEST, EXCHANGE, CONVERSATION, MESSAGE, OBJECT, OTHER = (
    f"{kind}0000000-0000-4000-8000-" for kind in range(1, 8)
)
# The values that some rows of a table lack. All other values are always there.
SOMETIMES_MISSING = frozenset(
    {
        "email",
        "email_confirmed_at",
        "phone",
        "approved_at",
        "approved_by",
        "helper_id",
        "location_override",
        "helped_at",
        "completed_at",
        "cancelled_at",
        "confirmed_at",
        "left_at",
        "read_at",
    }
)
# What is a person's own.
PRIVATE = frozenset({"email", "phone", "location", "description", "location_override", "content", "title"})
# From where the running numbers of a later generation of messaging begin.
GENERATION = 10_000_000_000
# Other names under which projects keep the same columns. A name counts only where the table lacks ours.
ALIASES: dict[str, tuple[str, ...]] = {
    "user_id": ("requester_id", "owner_id", "author_id", "created_by", "profile_id", "participant_id"),
    "name": ("full_name", "display_name"),
    "content": ("body", "text", "message"),
    "request_id": ("help_request_id",),
    "help_request_id": ("request_id",),
    "sender_id": ("author_id", "user_id"),
    "requester_id": ("owner_id", "user_id"),
    "helper_id": ("volunteer_id", "matched_with"),
    "recipient_id": ("receiver_id",),
    "location_override": ("address",),
    "created_by": ("creator_id",),
    "phone": ("phone_number",),
    "status": ("message_status",),
    "is_admin": ("is_staff", "admin", "is_superuser"),
    "actor": ("actor_id", "user_id", "performed_by"),
    "happened_at": ("created_at", "occurred_at", "logged_at"),
}
# Running numbers below this belong to the cast.
FIRST = 1_001


def _of_generation(id_: str, generation: int) -> str:
    """Return the id of the same thing in a later generation of its table: each has its own."""
    return made_up_id(id_[:-12], int(id_[-12:]) + generation * GENERATION) if generation else id_


def made_up_id(kind: str, number: int) -> str:
    """Return the UUID of the ``number``-th thing of a kind: ascending, so that indexes grow at one end."""
    return kind + "%012d" % number  # noqa: UP031  millions are made, and this is three times as fast as an f-string


@dataclass(frozen=True, slots=True)
class Person:
    """A user and their profile; ``age`` is since sign-up, ``approved`` since approval (None: not approved)."""

    number: int
    id: str
    name: str
    standing: str
    age: float
    approved: float | None
    is_admin: bool = False
    is_anonymous: bool = False

    @property
    def email(self) -> str | None:
        """The address at sign-up; an anonymous sign-in has none."""
        return None if self.is_anonymous else f"{self.name.lower().replace(' ', '.')}.{self.number}@example.org"

    @property
    def phone(self) -> str:
        """A number in the exchange 555, which is nobody's."""
        return f"+1{201 + self.number // 10_000}555{self.number % 10_000:04d}"


@dataclass(frozen=True, slots=True)
class Request:
    """A help request; ``helped`` and ``ended`` are ages, None where that has not happened."""

    number: int
    owner: str
    helper: str | None
    status: str
    urgency: str
    category: str
    privacy: str
    has_address: bool
    age: float
    helped: float | None = None
    ended: float | None = None

    @property
    def id(self) -> str:
        """The request's id."""
        return made_up_id(REQUEST, self.number)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A contact exchange about a request; ``confirmed`` is None while the requester has not confirmed."""

    request: Request
    made: float
    confirmed: float | None

    @property
    def id(self) -> str:
        """The exchange's id: a request has one exchange at most."""
        return made_up_id(EXCHANGE, self.request.number)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation between owner and helper; ``latest`` is the newest message's age."""

    request: Request
    begun: float
    latest: float
    size: int
    leaver: str | None = None
    left: float | None = None

    @property
    def id(self) -> str:
        """The conversation's id: a request has one conversation at most."""
        return made_up_id(CONVERSATION, self.request.number)

    @property
    def parties(self) -> tuple[str, str]:
        """Who takes part: the helper, who begins, and the owner."""
        return (self.request.helper or self.request.owner, self.request.owner)


class Community:
    """The cast and ``members`` further people, with their affairs, as seen at the moment ``now``."""

    def __init__(self, now: dt.datetime, members: int) -> None:
        """Prepare; people and affairs are made when first asked for. Raises ValueError when ``members`` is negative."""
        if members < 0:
            raise ValueError(f"The number of members cannot be negative, and {members} is; give 0 or more.")
        self.now = now.astimezone(dt.UTC)
        self.members = members
        self._naive_now = self.now.replace(tzinfo=None)

    def at(self, age: float | None) -> str | None:
        """Turn an age in seconds into a point in time: as text, and by way of a naive one, because that is fastest."""
        return None if age is None else (self._naive_now - dt.timedelta(0, age)).isoformat() + "+00"

    # The people

    @cached_property
    def cast(self) -> dict[str, Person]:
        """The cast's people by their name in the cast."""
        people = {}
        for name, identity in CAST.items():
            if identity.id is None:
                continue
            age, approved = CAST_AGES[name], identity.verification == "approved"
            people[name] = Person(
                number=int(identity.id[-12:]),
                id=identity.id,
                name=identity.full_name,
                standing=identity.verification or "pending",
                age=age,
                approved=age - DAY if approved else None,
                is_admin=identity.is_admin,
                is_anonymous=identity.is_anonymous,
            )
        return people

    @cached_property
    def crowd(self) -> list[Person]:
        """The further members: of twenty, seventeen approved, two pending, one rejected; the first is an admin."""
        rng = Random(SEED)  # noqa: S311 - made-up data must be repeatable, not unpredictable
        return [self._member(index, name, rng) for index, name in enumerate(self._names(rng))]

    def _names(self, rng: Random) -> Iterator[str]:
        """Give every member a name of their own, combined from small pools because Faker is slow."""
        first, last = self._pool("first_name", 400), self._pool("last_name", 600)
        initials = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        seen: set[str] = set()
        while len(seen) < self.members:
            name = f"{rng.choice(first)} {rng.choice(initials)} {rng.choice(last)}"
            if name not in seen:
                seen.add(name)
                yield name

    @staticmethod
    def _member(index: int, name: str, rng: Random) -> Person:
        standing = {8: "pending", 13: "pending", 19: "rejected"}.get(index % 20, "approved")
        approved = standing == "approved"
        # Approval took five days at most, so everybody was approved before the oldest request was made.
        age = rng.uniform(60, 720) * DAY if approved else rng.uniform(0.1, 30) * DAY
        return Person(
            number=FIRST + index,
            id=made_up_id(MEMBER, FIRST + index),
            name=name,
            standing=standing,
            age=age,
            approved=age - rng.uniform(0.1, 5) * DAY if approved else None,
            is_admin=index == 0,
        )

    @staticmethod
    def _pool(provider: str, tries: int) -> list[str]:
        """Return different made-up values of one Faker provider, always the same ones in the same order."""
        from faker import Faker  # not above: it takes its time, and whoever only asks has no use for it

        fake = Faker("en_US")
        fake.seed_instance(SEED)
        return list(dict.fromkeys(str(getattr(fake, provider)()) for _ in range(tries)))

    @cached_property
    def _streets(self) -> list[str]:
        return self._pool("street_name", 200)

    @cached_property
    def _cities(self) -> list[str]:
        return self._pool("city", 100)

    def everybody(self) -> Iterator[Person]:
        """Return the cast, then the crowd."""
        return chain(self.cast.values(), self.crowd)

    # Their affairs

    @cached_property
    def requests(self) -> list[Request]:
        """The cast's requests and three for each member, owned and helped by approved members."""
        rng = Random(SEED + 1)  # noqa: S311
        approved = [person.id for person in self.crowd if person.approved is not None]
        requests = list(self._cast_requests.values())
        if len(approved) > 1:
            requests += (
                self._request(FIRST + index, approved[index % len(approved)], approved, rng)
                for index in range(3 * self.members)
            )
        return requests

    @staticmethod
    def _request(number: int, owner: str, approved: list[str], rng: Random) -> Request:
        status = rng.choice(STATUSES)
        age = rng.uniform(HOUR, 50 * DAY)
        helper = helped = ended = None
        if status in ("in_progress", "completed"):
            helper = rng.choice(approved)
            while helper == owner:
                helper = rng.choice(approved)
            helped = age * rng.uniform(0.6, 0.95)
        if status not in ("open", "in_progress"):
            ended = (helped or age) * rng.uniform(0.1, 0.5)
        return Request(
            number=number,
            owner=owner,
            helper=helper,
            status=status,
            urgency=rng.choice(URGENCIES),
            category=rng.choice(tuple(CATEGORIES)),
            privacy=rng.choice(PRIVACIES),
            has_address=rng.random() < 0.4,
            age=age,
            helped=helped,
            ended=ended,
        )

    @cached_property
    def _cast_requests(self) -> dict[str, Request]:
        alice, bob = self.cast["alice"].id, self.cast["bob"].id
        # Was approved and an admin, and is neither any more: has affairs like a member's and may reach none of them.
        rejected = self.cast["rejected"].id
        return {
            "alice asks": Request(1, alice, None, "open", "urgent", "groceries", "after_match", True, 2 * DAY),
            "bob helps": Request(
                2, alice, bob, "in_progress", "critical", "transport", "after_match", True, 9 * DAY, 8 * DAY
            ),
            "bob offers": Request(
                3, alice, bob, "in_progress", "normal", "household", "helpers_only", True, 3 * DAY, 4 * HOUR
            ),
            "bob asks": Request(4, bob, None, "open", "normal", "technology", "public", True, 4 * DAY),
            "alice helped": Request(
                5, bob, alice, "completed", "normal", "companionship", "after_match", True, 30 * DAY, 28 * DAY, 20 * DAY
            ),
            "rejected asks": Request(6, rejected, None, "open", "normal", "meals", "after_match", True, 20 * DAY),
            "rejected helps": Request(
                7, alice, rejected, "in_progress", "normal", "petcare", "after_match", True, 22 * DAY, 21 * DAY
            ),
            "rejected is helped": Request(
                8, rejected, bob, "in_progress", "normal", "medical", "after_match", True, 24 * DAY, 23 * DAY
            ),
            "bob helped": Request(
                9, alice, bob, "completed", "normal", "other", "after_match", True, 40 * DAY, 38 * DAY, 12 * DAY
            ),
        }

    @cached_property
    def exchanges(self) -> list[Exchange]:
        """Exchanges of most requests that have a helper; those not yet confirmed are younger than 20 hours."""
        rng = Random(SEED + 2)  # noqa: S311
        cast = self._cast_requests
        exchanges = [
            Exchange(cast["bob helps"], 7 * DAY, 7 * DAY - 2 * HOUR),
            Exchange(cast["bob offers"], 3 * HOUR, None),
            Exchange(cast["rejected helps"], 20 * DAY, 19 * DAY),
            Exchange(cast["rejected is helped"], 5 * HOUR, None),
        ]
        made: Counter[str] = Counter()
        for request in self.requests[len(cast) :]:
            if request.helper is None or request.helped is None or rng.random() < 0.1:
                continue
            if made[request.owner] >= MOST_EXCHANGES or made[request.helper] >= MOST_EXCHANGES:
                continue
            made.update((request.owner, request.helper))
            exchanges.append(self._exchange(request, request.helped, rng))
        return exchanges

    @staticmethod
    def _exchange(request: Request, helped: float, rng: Random) -> Exchange:
        if request.status == "in_progress" and rng.random() < 0.15:
            return Exchange(request, min(helped * 0.9, rng.uniform(0.3, 19) * HOUR), None)
        until = request.ended or 0.0
        made = until + (helped - until) * rng.uniform(0.6, 0.95)
        return Exchange(request, made, until + (made - until) * rng.uniform(0.5, 0.98))

    @cached_property
    def conversations(self) -> list[Conversation]:
        """One conversation for each member, each about a request that has a helper; one in ten has been left."""
        rng = Random(SEED + 3)  # noqa: S311
        cast, bob, rejected = self._cast_requests, self.cast["bob"].id, self.cast["rejected"].id
        conversations = [
            Conversation(cast["bob helps"], 8 * DAY, 10 * HOUR, 9),
            Conversation(cast["alice helped"], 28 * DAY, 21 * DAY, 8, leaver=bob, left=24 * DAY),
            Conversation(cast["rejected helps"], 21 * DAY, 18 * DAY, 6),
            Conversation(cast["rejected is helped"], 23 * DAY, 17 * DAY, 6, leaver=rejected, left=19 * DAY),
            # Left later than the other one: each has its own time of leaving.
            Conversation(cast["bob helped"], 37 * DAY, 13 * DAY, 6, leaver=bob, left=16 * DAY),
        ]
        helped = (request for request in self.requests[len(cast) :] if request.helped is not None)
        for index, request in zip(range(self.members), helped, strict=False):
            size = CONVERSATION_SIZES[index % len(CONVERSATION_SIZES)]
            conversations.append(self._conversation(request, request.helped or 0.0, size, rng))
        return conversations

    @staticmethod
    def _conversation(request: Request, helped: float, size: int, rng: Random) -> Conversation:
        until = request.ended or 0.0
        begun = until + (helped - until) * 0.98
        latest = until + (begun - until) * rng.uniform(0.1, 0.8)
        if request.status == "in_progress" and rng.random() < 0.5:
            latest = min(latest, rng.uniform(2 * MINUTE, 18 * HOUR))
        if rng.random() >= 0.1:
            return Conversation(request, begun, latest, size)
        leaver = rng.choice((request.owner, request.helper))
        return Conversation(request, begun, latest, size, leaver, latest + (begun - latest) * rng.uniform(0.2, 0.5))

    # The rows

    def users(self) -> Iterator[Row]:
        """Return rows of ``auth.users``, with the columns of Supabase's auth service."""
        for person in self.everybody():
            email = person.email
            yield {
                "instance_id": "00000000-0000-0000-0000-000000000000",
                "id": person.id,
                "aud": "authenticated",
                "role": "authenticated",
                "email": email,
                "email_confirmed_at": email and self.at(person.age * 0.999),
                "raw_app_meta_data": {"provider": "email", "providers": ["email"]} if email else {},
                "raw_user_meta_data": {"name": person.name},
                "created_at": self.at(person.age),
                "updated_at": self.at(person.age * 0.999),
                "is_anonymous": person.is_anonymous,
            }

    def profiles(self) -> Iterator[Row]:
        """Return rows of ``profiles``. The cast lets everything be shown, so that only the rules stand between them."""
        rng = Random(SEED + 4)  # noqa: S311
        admin = self.cast["admin"].id
        # Who approved an admin is none because of that.
        founder = self.cast["rejected"].id
        for person in self.everybody():
            is_cast = person.number < FIRST
            approved = person.approved is not None
            yield {
                "id": person.id,
                "user_id": person.id,
                "name": person.name,
                "location": f"Block {person.number}, {rng.choice(self._cities)}",
                "phone": person.phone if is_cast or rng.random() < 0.9 else None,
                "contact_preferences": {
                    "show_phone": is_cast or rng.random() < 0.5,
                    "show_email": is_cast or rng.random() < 0.7,
                },
                "verification_status": person.standing,
                "is_admin": person.is_admin,
                "approved_at": self.at(person.approved),
                "approved_by": (founder if person.id == admin else admin) if approved else None,
                "created_at": self.at(person.age),
                "updated_at": self.at(person.approved if approved else person.age),
            }

    def help_requests(self) -> Iterator[Row]:
        """Return rows of ``help_requests``. An address occurs in ``location_override`` only."""
        rng = Random(SEED + 5)  # noqa: S311
        weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
        for request in self.requests:
            number, street, city = request.number, rng.choice(self._streets), rng.choice(self._cities)
            last = request.ended or request.helped or request.age
            yield {
                "id": request.id,
                "user_id": request.owner,
                "helper_id": request.helper,
                "title": f"{CATEGORIES[request.category]} (no. {number})",
                "description": f"Could you help me this week? {rng.choice(weekdays)} suits me best (no. {number}).",
                "category": request.category,
                "urgency": request.urgency,
                "status": request.status,
                "location_override": f"No. {number} {street}, {city} 00000" if request.has_address else None,
                "location_privacy": request.privacy,
                "created_at": self.at(request.age),
                "updated_at": self.at(last),
                "helped_at": self.at(request.helped),
                "completed_at": self.at(request.ended) if request.status == "completed" else None,
                "cancelled_at": self.at(request.ended) if request.status == "cancelled" else None,
            }

    def contact_exchanges(self) -> Iterator[Row]:
        """Return rows of ``contact_exchanges``."""
        for exchange in self.exchanges:
            yield {
                "id": exchange.id,
                "request_id": exchange.request.id,
                "helper_id": exchange.request.helper,
                "requester_id": exchange.request.owner,
                "exchanged_at": self.at(exchange.made),
                "confirmed_at": self.at(exchange.confirmed),
                "created_at": self.at(exchange.made),
                "updated_at": self.at(exchange.made if exchange.confirmed is None else exchange.confirmed),
            }

    def contact_exchange_audit(self, key: str = "exchange_id") -> Iterator[Row]:
        """Return rows of the trail: what happened to each exchange, whose id is under ``key``, and by whom."""
        for exchange in self.exchanges:
            request = exchange.request
            for action, actor, age in (
                ("made", request.helper, exchange.made),
                ("confirmed", request.owner, exchange.confirmed),
            ):
                if age is not None:
                    yield {
                        key: exchange.id,
                        "request_id": request.id,
                        "action": action,
                        "actor": actor,
                        "happened_at": self.at(age),
                    }

    def conversation_rows(self, generation: int = 0, parties: Sequence[str] = ()) -> Iterator[Row]:
        """Return rows of ``conversations``; in a later generation others, in which columns may name the two parties."""
        for conversation in self.conversations:
            helper, owner = conversation.parties
            helping = [column for column in parties if "help" in column] or parties[1:]
            yield {
                "id": _of_generation(conversation.id, generation),
                "help_request_id": conversation.request.id,
                "created_by": helper,
                "status": "ongoing",
                "accepted_at": self.at(conversation.begun),
                "last_message_at": self.at(conversation.latest),
                "created_at": self.at(conversation.begun),
                "updated_at": self.at(conversation.latest),
                **{column: helper if column in helping else owner for column in parties},
            }

    def conversation_participants(self, generation: int = 0) -> Iterator[Row]:
        """Return rows of ``conversation_participants``: two for each conversation."""
        for conversation in self.conversations:
            for party in conversation.parties:
                yield {
                    "conversation_id": _of_generation(conversation.id, generation),
                    "user_id": party,
                    "joined_at": self.at(conversation.begun),
                    "left_at": self.at(conversation.left) if party == conversation.leaver else None,
                }

    def messages(self, generation: int = 0) -> Iterator[Row]:
        """Return rows of ``messages``, in the order of conversation and time; in a later generation other ones."""
        rng = Random(SEED + 6)  # noqa: S311
        phrases = self._phrases(rng)
        numbers = count(1 + generation * GENERATION)
        for conversation in self.conversations:
            id_ = _of_generation(conversation.id, generation)
            yield from self._talk(id_, conversation, numbers, phrases, rng)

    def _phrases(self, rng: Random) -> list[str]:
        """Return what people say to each other; a running number makes each message one of a kind."""
        sayings = (
            "I can be at {street} by {hour}",
            "Thank you, {hour} on {street} suits me well",
            "Would {hour} be too late for you? I am coming from {street}",
            "The shop on {street} was closed, I will try again around {hour}",
            "My neighbour on {street} has a spare key until {hour}",
            "See you at {hour}, I will wait in front of {street}",
        )
        return [
            rng.choice(sayings).format(
                street=rng.choice(self._streets), hour=f"{rng.randint(8, 20)}:{rng.randint(10, 59)}"
            )
            for _ in range(1_000)
        ]

    def _talk(
        self, id_: str, conversation: Conversation, numbers: Iterator[int], phrases: list[str], rng: Random
    ) -> Iterator[Row]:
        """Return one conversation's messages. There are millions: what they have in common is worked out once."""
        begun, latest, size = conversation.begun, conversation.latest, conversation.size
        leaver, left = conversation.leaver, conversation.left
        parties = helper, owner = conversation.parties
        step, random = (begun - latest) / size, rng.random
        for index, number in zip(range(size), numbers, strict=False):
            is_last = index == size - 1
            age = latest if is_last else begun - step * (index + random())
            # Mostly in turns; who has left says nothing more.
            sender = parties[(index + (random() < 0.2)) % 2]
            gone = left is not None and age <= left
            if gone and sender == leaver:
                sender = owner if sender == helper else helper
            read = age - min(age * 0.5, MINUTE + random() * 2 * HOUR)
            if gone or is_last or random() < 0.1:
                status = "sent" if age < 18 * HOUR and random() < 0.6 else "delivered"
            else:
                # Read before leaving or not at all: this one might have been read by the one who left.
                status = "read" if left is None or read > left else "delivered"
            yield {
                "id": made_up_id(MESSAGE, number),
                "conversation_id": id_,
                "sender_id": sender,
                "recipient_id": owner if sender == helper else helper,
                "content": f"{phrases[int(random() * len(phrases))]} (made up, no. {number})",
                "status": status,
                "created_at": self.at(age),
                "read_at": self.at(read) if status == "read" else None,
            }

    def buckets(self) -> Iterator[Row]:
        """Return one private bucket for ``storage.buckets``."""
        yield {"id": "made-up-documents", "name": "made-up-documents", "public": False, "created_at": self.at(DAY)}

    def objects(self) -> Iterator[Row]:
        """Return rows of ``storage.objects``: one for each of the cast, in a folder named for its owner."""
        for person in self.cast.values():
            yield {
                "id": made_up_id(OBJECT, person.number),
                "bucket_id": "made-up-documents",
                "name": f"{person.id}/letter-{person.number}.pdf",
                "owner": person.id,
                "owner_id": person.id,
                "metadata": {"mimetype": "application/pdf", "size": 1_000 + person.number},
                "created_at": self.at(person.age / 2),
                "updated_at": self.at(person.age / 2),
            }

    def tables(self, parts: Parts | None = None) -> dict[str, Callable[[], Iterable[Row]]]:
        """Return what to fill, parents first, each with what makes its rows; one table's rows have the same keys.

        ``parts``: which tables play which. Each generation of messaging has rows of its own.
        """
        parts = parts or Parts()
        trail, _, exchange = parts.exchange_trail.rpartition(".")
        talks: dict[str, Callable[[], Iterable[Row]]] = {}
        for number, its in enumerate(parts.messaging):
            talks[its.conversations] = partial(self.conversation_rows, number, its.parties)
            if not its.parties:
                talks[its.participants] = partial(self.conversation_participants, number)
            talks[its.messages] = partial(self.messages, number)
        return {
            "auth.users": self.users,
            "public.profiles": self.profiles,
            "public.help_requests": self.help_requests,
            "public.contact_exchanges": self.contact_exchanges,
            trail: partial(self.contact_exchange_audit, exchange),
            **talks,
            "storage.buckets": self.buckets,
            "storage.objects": self.objects,
        }
