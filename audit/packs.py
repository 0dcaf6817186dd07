"""What the Care Collective's pack relies on, by name: other code knows no table of the reference.

A project that has the pack and other names says so in audit.toml; what is here are the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.policy import CARE_COLLECTIVE

# What the Care Collective's runbook calls or names; SCHEMA-01 asks for each. Another project lists its own.
RUNBOOK_OBJECTS = (
    "table auth.users",
    "table public.profiles",
    "table public.help_requests",
    "table public.contact_exchanges",
    "table public.conversations",
    "table public.conversation_participants",
    "table public.messages",
    "function public.verify_user_registration_system()",
    "function public.verify_rls_security()",
    "function public.get_contact_info_with_consent(uuid,uuid)",
    "trigger on_auth_user_created on auth.users",
    "view public.unhealthy_metrics",
)

# The known categories of help requests, where the database itself does not say which there are.
REQUEST_CATEGORIES = (
    "groceries",
    "transport",
    "household",
    "meals",
    "childcare",
    "petcare",
    "medical",
    "technology",
    "companionship",
    "other",
)

# The tables of messaging: conversations, who takes part in them, and what they write.
MESSAGING = ("public.conversations", "public.conversation_participants", "public.messages")

# Where it is written that contact details changed hands: the column that holds the id of the exchange.
EXCHANGE_TRAIL = "public.contact_exchange_audit.exchange_id"


@dataclass(frozen=True)
class SignedUp:
    """The row that signing up is to make: exactly one in ``table``, with ``value`` in ``column``, by ``trigger``."""

    table: str
    column: str
    value: str
    trigger: str


PROFILE = SignedUp("public.profiles", "verification_status", "pending", "on_auth_user_created on auth.users")


def signed_up(known: Mapping[str, Any]) -> SignedUp | None:
    """Return what signing up is to make, as the Care Collective's runbook has it; None where it is not relied on."""
    relied_on = CARE_COLLECTIVE in known["packs"] and f"table {PROFILE.table}" in known["runbook_objects"]
    return PROFILE if relied_on else None
