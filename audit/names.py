"""What names of columns and tables tell: whose a row is, what is personal, who is privileged, which words are the same.

Names are guesses, used only where the catalogue does not say it. What a project calls otherwise, it adds in audit.toml:
``private_columns``. Patterns are such that Python and PostgreSQL read them alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

# Words in the names of columns, as regular expressions. How to reach a person is theirs to give, also to those who see
# the rest of their row.
_REACHING = ("e_?mail", "phone", "mobile", "telephone", "tel", "whatsapp")
_IDENTIFYING = ("address", "street", "iban", r"birth\w*", "passport", "ssn", "tax_id")
# A house has these, too.
_OF_PLACES = ("address", "street")
_SECRET = ("secret", "token", "password", "api_key")
# What somebody pays by, or earns.
_OF_MONEY = ("stripe", "paddle", "paypal", "razorpay", "billing", "salary", "income")
# Figures about a person that are nobody else's business: money, health, marks, and where they are.
_FIGURES = (
    "amount", "balance", "price", "cost", "fees?", "salary", "wages?", "income", "payouts?", "earnings", "revenue",
    "budget", "debt", "credit", "rent", "total", "subtotal", "weight", "height", "bmi", "dose", "dosage", "glucose",
    "heart_rate", "systolic", "diastolic", "calories", "temperature", "pain", "mood", "grade", "marks?", "gpa", "age",
    r"birth\w*", "dob", "lat", "latitude", "lng", "lon", "longitude",
)  # fmt: skip
_SAID = ("content", "body", "message", "notes?")
_DESCRIBING = ("name", "location", "bio", "about", "comment", "description", "title")


def _naming(words: Collection[str]) -> str:
    return rf"(^|_)({'|'.join(words)})($|_)"


# How to reach a person.
CONTACT = _naming(_REACHING)
CONTACT_COLUMN = re.compile(CONTACT, re.IGNORECASE)


def _more(known: Mapping[str, Any]) -> list[str]:
    return [re.escape(name) for name in known.get("private_columns", ())]


def private_columns(known: Mapping[str, Any]) -> str:
    """Return the pattern of columns that are private whatever the rules of their table say; ``known`` are settings."""
    return _naming([*_REACHING, *_IDENTIFYING, *_SECRET, *_SAID, *_OF_MONEY, *_more(known)])


def private_figures(known: Mapping[str, Any]) -> str:
    """Return the pattern of columns whose figures are private in a row that names a person."""
    return _naming([*_FIGURES, *_OF_MONEY, *_more(known)])


def secret_columns(known: Mapping[str, Any]) -> str:
    """Return the pattern of columns that are private whatever a row is about: ways to reach a person, secrets."""
    return _naming([*_REACHING, *(word for word in _IDENTIFYING if word not in _OF_PLACES), *_SECRET, *_more(known)])


def telling_columns(known: Mapping[str, Any]) -> str:
    """Return the pattern of columns whose texts say something about a person whom the row names."""
    return _naming([*_REACHING, *_IDENTIFYING, *_SAID, *_DESCRIBING, *_more(known)])


# Buckets whose files are somebody's own, by their names.
PRIVATE_FILES = (
    r"(^|[^a-z])(private|secrets?|confidential|documents?|docs|papers?|identity|passports?|licen[cs]es?|kyc|invoices?"
    r"|receipts?|contracts?|medical|health|prescriptions?|backups?|exports?|messages?|chats?|attachments?|resumes?|cvs?"
    r"|verifications?|personal|user[-_]?(files|data|documents?))($|[^a-z])"
)

# Buckets of which each file is about one person or firm, whatever else is in the project: what is exported, attached or
# said in documents may be for all.
PERSONAL_FILES = (
    r"(^|[^a-z])(passports?|kyc|invoices?|receipts?|contracts?|medical|health|prescriptions?|resumes?|cvs?|payslips?|payroll"
    r"|lab[-_ ]?(results?|reports?)|x-?rays?|transcripts?)($|[^a-z])"
)

# Buckets whose files are there to be looked at, by their names.
SHOWN_FILES = r"avatar|logo|image|photo|picture|public|asset|media|banner|cover|thumb|icon|brand|static|upload|galler"

# What was done, by whom and when, is kept by design: tables with one of these words in their names.
TRAILS = r"(^|_)(audit|audits|log|logs|trail|history|archive|archives|legal|consents?)(_|$)"

# Changes of rows that others own which are nobody's harm: what counts how often something was seen or liked.
COUNTERS = re.compile(
    r"count|rating|average|avg|stars|views?$|likes?$|hits?$|votes?$|shares?$|clicks?$|downloads?$|plays?$|seen|_at$|last_"
)
# Columns that change when something is due, by whoever looks next.
DUE = re.compile(r"(^|_)(status|state|is_active|active|expired|is_expired|closed|at)$", re.IGNORECASE)
# Tables whose rows others write for a person, or where what was done is noted.
WRITTEN_FOR_OTHERS = re.compile(
    r"notif|inbox|outbox|alert|audit|(^|_)logs?($|_)|event|queue|job|invit|participant|member|employ|follow|like|history"
    r"|activit"
)
# Tables whose rows are computed from others', and may be so by anybody.
DERIVED = re.compile(r"(^|_)(cache[ds]?|rollups?)(_|$)")
# Tables whose rows take away what a person may do.
RESTRICTING = (
    r"(^|_)(restrict\w*|ban|bans|banned|block|blocks|blocked|suspen\w*|mute|mutes|muted|sanction\w*|strikes?)(_|$)"
)

# Columns that say who did it: nobody writes there that somebody else did.
DOERS = re.compile(
    r"(^|_)(author|writer|sender|voter|poster|reviewer|commenter|reporter|signer|uploader|creator|submitter|referrer|bidder)(_?id|_?uid)?$"
    r"|^(created|written|posted|sent|submitted|uploaded|signed|reported|cast|voted)_by(_?id)?$",
    re.IGNORECASE,
)

# Where projects keep their people, with the user's id as the key, by Supabase's own example:
# https://supabase.com/docs/guides/auth/managing-user-data
PROFILES = "public.profiles"
# Tables that say who is a member, rather than who waits to be one.
MEMBERS = re.compile("member|profile|staff|employ|user", re.IGNORECASE)

# Tables of what people are or have, rather than of what they belong to: to share a role with somebody is no group.
VOCABULARIES = (
    r"(^|_)(roles?|permissions?|ranks?|levels?|tiers?|plans?|types?|kinds?|status(es)?|states?|categor(y|ies)|tags?"
    r"|skills?|badges?|countr(y|ies)|cit(y|ies)|languages?|currenc(y|ies)|features?|products?|prices?)$"
)

# Tables that say who belongs to what.
MEMBERSHIPS = re.compile(
    r"member|team_?user|user_?(team|role|org)|staff|collaborator|(account|org\w*|workspace)_?users?", re.IGNORECASE
)

# Columns that say whose a row is, also where no foreign key says so; the first ones say it best.
OWNERS = (
    "user_id", "owner_id", "profile_id", "author_id", "created_by", "member_id", "customer_id", "account_id",
    "requester_id", "sender_id", "actor_id", "creator_id", "uploaded_by", "submitted_by", "reporter_id", "owner",
    "author",
    "uid", "auth_id", "auth_user_id", "recipient_id", "receiver_id", "participant_id", "helper_id", "assigned_to",
    "assignee_id", "updated_by", "approved_by", "reviewed_by", "invited_by", "added_by", "deleted_by", "performed_by",
    "changed_by", "granted_by", "friend_id", "follower_id", "following_id", "blocked_id", "blocker_id",
)  # fmt: skip

# What a flag or a word says about somebody.
PRIVILEGED = re.compile(r"admin|superuser|super_user|staff|moderator|\broot\b", re.IGNORECASE)
STANDING = re.compile(r"approved|verified", re.IGNORECASE)
IN_DISGRACE = re.compile(r"banned|blocked|suspended|deleted|disabled|locked|archived|removed", re.IGNORECASE)
IN_GRACE = re.compile(r"active|enabled", re.IGNORECASE)

# Flags and moments that say that somebody takes part no more, and flags that say whether they do; not what they may.
OVER = rf"{IN_DISGRACE.pattern}|revoked|expelled|(^|_)(left|ended|cancell?ed)(_|$)"
OF_BEING_IN = re.compile(
    rf"{OVER}|{IN_GRACE.pattern}|approved|accepted|confirmed|pending|(^|_)(current|valid)$", re.IGNORECASE
)

# Moments that mostly lie ahead, and those that every row has.
AHEAD = re.compile(r"expir|until|due|deadline|valid_to|end|start|schedul|next|run_at|available|visible", re.IGNORECASE)
ALWAYS_SET = re.compile(r"created|updated|inserted|modified|joined", re.IGNORECASE)

# Other words for the same thing, for columns that allow only certain words.
SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"inprogress", "matched", "claimed", "assigned", "active"}),
    frozenset({"cancelled", "canceled", "withdrawn"}),
    frozenset({"completed", "complete", "done", "fulfilled"}),
    frozenset({"closed", "archived", "expired"}),
    frozenset({"open", "new", "available"}),
    frozenset({"normal", "medium", "low", "routine"}),
    frozenset({"urgent", "high"}),
    frozenset({"critical", "emergency"}),
    frozenset({"approved", "verified", "accepted"}),
    frozenset({"rejected", "denied", "declined"}),
    frozenset({"pending", "unverified", "waiting"}),
    frozenset({"groceries", "grocery", "shopping", "food"}),
    frozenset({"transport", "transportation", "rides"}),
    frozenset({"other", "general", "misc"}),
    frozenset({"ongoing", "active", "accepted", "open"}),
    frozenset({"made", "created", "insert", "exchange", "requested", "offered"}),
    frozenset({"confirmed", "update", "confirm"}),
)

# Tables in which people knock at somebody's door: their rows are meant to lead to what the writer does not see yet.
KNOCKS = re.compile(
    r"(^|_)((join|joining|access|member|membership)_?(requests?|applications?)|applicants"
    r"|responses|feedback|wait_?list|complaints|abuse_reports|flags)$",
    re.IGNORECASE,
)
# Words of a row that knocks: somebody else is to say yes.
ASKING = re.compile(
    r"^(pending|requested|waiting|wait_?list(ed)?|applied|proposed|asked|pendiente|pendente|angefragt)$", re.IGNORECASE
)

# Columns that say where somebody stands, which only the server should decide.
SERVERS = (
    r"(^|_)(verified|verification|approved|approval|kyc|credits?|balance|quota|plan|tier|premium|subscription|trusted|banned"
    r"|suspended|admin|staff|moderator|superuser|fines?|penalty|penalties|strikes?|debts?)(_(at|by|until|status|state|level|plan|tier|balance|left))?$"
)

# Columns that hold what one must know to get in: codes, tokens and links that are for whoever was given them.
_DOORS = (
    "invite|invites|invitation|join|joining|access|door|gate|entry|entrance|share|sharing|shared|reset|login|log_?in|sign_?in"
    "|magic|pairing|pair|unlock|claim|claims|redeem|redemption|verification|verify|confirm|confirmation|recovery|backup|wifi"
    "|check_?in|private|secret|edit|admin|owner|meeting|meet|zoom|webinar|gift|voucher|lock|alarm|key_?box|safe|activation"
    "|one_?time|session|refresh|api|enrol|enroll|enrolment|enrollment|registration|guest|device|einladungs?|zugangs?|tuer"
    "|zutritts?|acceso|invitacion|acces|invitation|acesso|convite|accesso|invito|toegangs?|uitnodigings?"
)
_KEYS = (
    "code|codes|codigo|codice|token|tokens|link|links|url|urls|key|keys|pin|pins|pass|passes|passcode|passcodes|password"
    "|passwords|hash|secret|secrets|schluessel|clave|lien"
)
LETTING_IN = re.compile(
    rf"(^|_)(({_DOORS})_?({_KEYS})|pin|pin_?code|pass_?code|otp|totp|token|secret|password|passwd|contrasena|kennwort"
    r"|passwort|mot_de_passe|senha|wachtwoord|losung|losungswort|clave_acceso|magic_link)($|_hash$|_plain$)",
    re.IGNORECASE,
)
# What is called so, and is made up at random, is there to be known by few, also where it is the key of its table.
CODES = re.compile(r"(^|_)(code|codigo|codice|pin|pass|passcode)s?$", re.IGNORECASE)
# What is made up at random and lets nobody in: ids and names of things.
NUMBERS = re.compile(
    r"(^|_)(id|ids|uuid|uid|guid|slug|seed|ref|reference|number|no|nr|num|handle|name|avatar|colou?r|icon|emoji|sort|order"
    r"|position|rank|etag|version|revision|nonce|salt|sku|batch|trace|span|correlation|request)($|_)",
    re.IGNORECASE,
)
# Tables of what is passed on to let somebody in: of these a name that is made up at random is what one needs to know.
LINKS = re.compile(r"(^|_)(link|share|invite|invitation|token|ticket|pass|voucher|join)(s|es)?($|_)", re.IGNORECASE)

# Of these whatever is called a code is one.
INVITES = re.compile(r"(^|_)(invit\w*|einladung\w*|convites?|uitnodiging\w*)$", re.IGNORECASE)

# What a row says of itself that is for all to see, in columns and words.
PUBLISHED = re.compile(
    r"(^|_|-|\b|is|for)(public\w*|publish\w*|publi[eéc]\w*|pubblic\w*|(ver)?oeffentlich\w*|veröffentlich\w*|öffentlich\w*|visib\w*"
    r"|sichtbar|shown?|shared?|listed|listings?|open|opened|offen|abiert\w*|activ\w*|aktiv\w*|attiv\w*|enabled|approved"
    r"|accepted|confirmed|verified|live|available|disponib\w*|verfuegbar|featured|promoted|searchable|discoverable|released"
    r"|sale|sold|templates?|global|system|defaults?|builtin|preset|demo|sample|example|everyone|everybody|anyone|world|internet"
    r"|free|online|community|completed|finished|resolved|scheduled|upcoming|moderated|catalog(ue)?|guide|official|all)($|_|-|\b)",
    re.IGNORECASE,
)
# Words that say how far something has come, and that it is for those who have to do with it.
ON_ITS_WAY = re.compile(
    r"^(submitted|handed_?in|sent_in|pending|waiting|queued|requested|(in_)?review|under_review|new|cancell?ed|rejected|declined|failed"
    r"|paid|unpaid|overdue|archived|deleted|trashed|suspended|banned|blocked|expired|eingereicht|offen|enviad[oa]|pendiente|soumis)$",
    re.IGNORECASE,
)
# Columns that say what something is, and not how far it has come.
OF_A_KIND = re.compile(r"(^|_)(kind|type|class|scope|sort|art|tipo|owner\w*|subject\w*|target\w*)$", re.IGNORECASE)
# Until when it is for all, with or without an end.
RUNNING = re.compile(r"(^|_)(starts?|ends?|expir\w*|deadline|valid|until)($|_)", re.IGNORECASE)
# What it says when it is kept back.
KEPT_BACK = re.compile(
    r"(^|_|-|\b|is)(private|privat|privad[oa]|privato|hidden|drafts?|secret|internal|unlisted|unpublished|confidential|entwurf"
    r"|borrador|brouillon|bozza|rascunho)($|_|-|\b)",
    re.IGNORECASE,
)

# Words that say of what somebody handed in that somebody else has agreed to it.
_AGREED = (
    r"approved|verified|certified|paid|granted|accredited|vetted|authori[sz]ed|reimbursed|refunded|settled|aprobad[oa]|aprovad[oa]"
    r"|genehmigt|freigegeben|bezahlt|approuv[eé]e?|pay[eé]e?|approvat[oa]|pagad[oa]|goedgekeurd"
)
GRANTED = re.compile(rf"^({_AGREED})$", re.IGNORECASE)
# Words that say so where somebody else decides.
DECIDED = re.compile(
    rf"^({_AGREED}|accepted|confirmed|admitted|angenommen|bestaetigt|bestätigt|aceptad[oa])$", re.IGNORECASE
)
# Columns that say so: that it is, who did, and when.
AGREED_FLAG = rf"^(is_)?({_AGREED})$"
AGREED_BY = (
    r"^(approved|verified|certified|granted|authori[sz]ed|decided|accepted|confirmed|audited|cleared|released)_(by|at)"
    r"(_id)?$|^(genehmigt|freigegeben)_von$|^approuv[eé]e?_par$|^(aprobad[oa]|aprovad[oa]|approvat[oa])_(por|da)$"
)
# Defaults that nobody guesses.
RANDOM = re.compile(r"random|uuid_generate_v4|gen_salt|nanoid", re.IGNORECASE)


def lets_in(table: str, column: str, default: str, *, key: bool) -> bool:
    """Tell whether whoever knows what a column holds gets in somewhere, by its name or by how it is made."""
    if LETTING_IN.search(column) or (CODES.fullmatch(column) and INVITES.search(table)):
        return True
    if not RANDOM.search(default):
        return False
    # A key that nobody guesses is an id, unless it is called a code, or its table one of codes: all that one needs.
    if key:
        return bool(LETTING_IN.search(table) or CODES.search(column))
    return not NUMBERS.search(column) or bool(LINKS.search(table))
