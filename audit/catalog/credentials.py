"""Secrets that stand in plain text: keys, tokens and passwords, told from those that everybody may have."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.(eyJ[A-Za-z0-9_-]{5,})\.[A-Za-z0-9_-]{10,}")
# Who has a token of these has no more than a visitor, or than one person; the rest goes round row level security.
_HARMLESS = {"anon", "authenticated", None}
_DEMO = "supabase-demo"  # everybody's, for development
_PLACEHOLDER = re.compile(
    r"(your|my|the|some)?[-_ ]?(super)?[-_ ]?(secret|password|passwd|pass|pw|pwd|key|token"
    r"|placeholder|changeme|example)"
    r"|[x*.•_-]+|[\[<{(%$:].*|.*[\]>})]",
    re.IGNORECASE,
)
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}+://[^\s:/@'\"]{0,200}+:([^\s@/'\"]++)@[\w\[]", re.IGNORECASE)
_CONNECTION = re.compile(
    r"\b(?:host|hostaddr|dbname|user)\s*+=[^\n;]{0,400}?\bpassword\s*+=\s*+'*+([^\s'|]+)", re.IGNORECASE
)
_PRIVATE = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----(?:\s|\\n|')*[A-Za-z0-9+/=]{20}")
# Forms that providers give to their secret keys, so that they can be found.
_KEYS = {
    # That of local development is everybody's: https://supabase.com/docs/guides/local-development
    "a secret key of Supabase": (
        r"\bsb_secret_(?!N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz\b)[A-Za-z0-9_-]{16,}|\bsbp_[0-9a-f]{40}\b"
    ),
    "a secret key of Stripe": r"\b[sr]k_live_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/=]{24,}",
    "a secret key of OpenAI or Anthropic": r"\bsk-(?:proj-|svcacct-|ant-)?[A-Za-z0-9_-]{24,}",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{40,}",
    "a token of Slack": r"\bxox[abprs]-[A-Za-z0-9-]{20,}|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}",
    "a key of SendGrid or Resend": r"\bSG\.[\w-]{16,}\.[\w-]{16,}|\bre_[A-Za-z0-9]{6,}_[A-Za-z0-9]{20,}",
    "an access key of Amazon": r"\bAKIA[0-9A-Z]{16}\b(?=[\s\S]{0,400}?['\"=\s][A-Za-z0-9/+]{40}(?![A-Za-z0-9/+]))",
}


def _service_token(text: str) -> bool:
    return any(
        claims.get("role") not in _HARMLESS and claims.get("iss") != _DEMO
        for claims in map(_claims, _TOKEN.findall(text))
    )


def _claims(part: str) -> dict[str, Any]:
    """Return what a token says; nothing where it is none."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, whoever signed it; nothing where it is none."""
    found = _TOKEN.match(token)
    return _claims(found[1]) if found else {}


def _any_real(found: Iterator[str]) -> bool:
    return any(value and not _PLACEHOLDER.fullmatch(value) for value in found)


def _formed(form: str) -> Callable[[str], bool]:
    pattern = re.compile(form)
    return lambda text: pattern.search(text) is not None


KINDS: dict[str, Callable[[str], bool]] = {
    "a token that goes round row level security": _service_token,
    "a private key": lambda text: _PRIVATE.search(text) is not None,
    "a password in an address": lambda text: _any_real(found[1] for found in _URL.finditer(text)),
    "a password for a connection": lambda text: _any_real(found[1] for found in _CONNECTION.finditer(text)),
    **{kind: _formed(form) for kind, form in _KEYS.items()},
}


def holds_secret(kind: str, text: str | None) -> bool:
    """Tell whether ``text`` has a secret of a kind, one of ``KINDS``, in it."""
    return text is not None and KINDS[kind](text)


# What lets its holder round row level security: the service role's token, and the keys that came after it.
SERVICE_TOKEN, SECRET_KEY = "a token that goes round row level security", "a secret key of Supabase"
_SECRET = re.compile(_KEYS[SECRET_KEY])
_ALL_POWERFUL = {"service_role", "supabase_admin", "postgres"}
_MADE_UP = re.compile(
    r"your|example|placeholder|change[-_]?me|replace|dummy|xxxx|\.\.\.|-here|_here|1234567890", re.IGNORECASE
)
_SHOWN = re.compile(r"\b(eyJ|sb_secret_|sbp_)[A-Za-z0-9_.-]{8,}")


def service_keys(text: str) -> Iterator[tuple[int, str]]:
    """Yield where service-role and secret keys of Supabase begin in a text, and of which kind each is."""
    for found in _TOKEN.finditer(text):
        claims = _claims(found[1])
        if claims.get("role") in _ALL_POWERFUL and claims.get("iss") != _DEMO:
            yield found.start(), SERVICE_TOKEN
    for found in _SECRET.finditer(text):
        rest = found[0].partition("_")[2]
        if not _MADE_UP.search(found[0]) and len({*rest}) > 6:
            yield found.start(), SECRET_KEY


def masked(text: str) -> str:
    """Return a text in which of keys and tokens nothing is left but how they begin."""
    return _SHOWN.sub(lambda found: f"{found[1]}***", text)
