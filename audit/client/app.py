"""The asker about an application: what its files say, as evidence for the policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from audit.auditor import Auditor
from audit.catalog.credentials import masked
from audit.client.creation import Client, Doubt, Finder
from audit.client.environment import Environment, environment_of
from audit.client.environment import shown as shown_variables
from audit.client.folder import Folder, opened
from audit.client.keys import Keys, keys_of, shown
from audit.client.modules import Project
from audit.client.sides import BROWSER, SERVER
from audit.client.stated import Misfit, misfits_of_schemas, misfits_of_version, stated_by
from audit.client.stated import Project as Stated
from audit.client.syntax import Place
from audit.client.tokens import Tokens, tokens_of
from audit.client.values import UNDEFINED, Absent, Known, Unknown, Value, alternatives
from audit.evidence import Evidence, Location, Log, NotApplicable, Population, Row, Scalar, safe
from audit.question import Question

# What keeps people signed in, and tokens out of addresses. The Care Collective's runbook wants the same.
WANTED: Mapping[str, Mapping[str, object]] = {
    BROWSER: {"autoRefreshToken": True, "persistSession": True, "detectSessionInUrl": True, "flowType": "pkce"},
    SERVER: {"autoRefreshToken": False, "persistSession": False, "flowType": "pkce"},
}
_WORDS = frozenset({"pkce", "implicit"})

WRITE_IT = "write it so that the file itself says what it is"
LIST_IT = "list in .env.example what is to be set, without its values; or run the audit where it is set"


@dataclass(frozen=True)
class Findings:
    """What a folder says: its clients, what is in doubt about them, its settings of tokens, and its keys.

    ``given`` are the variables that the application gets from outside of its folder.
    """

    folder: Folder
    clients: Sequence[Client]
    doubts: Sequence[Doubt]
    tokens: Tokens
    finder: Finder
    given: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def keys(self) -> Keys:
        """The service-role keys that everybody gets."""
        return keys_of(self.finder)

    @cached_property
    def environment(self) -> Environment:
        """The variables that the application names, and how they are set."""
        return environment_of(self.finder.project, self.given)

    @cached_property
    def stated(self) -> Stated:
        """What the project says of its database."""
        return stated_by(self.folder)


def read(root: Path, given: Mapping[str, str] | None = None) -> Findings:
    """Read the folder of an application, which gets the variables ``given`` from outside."""
    folder = opened(root)
    project = Project(folder)
    finder = Finder(project)
    finder.find()
    doubts = [*finder.doubts]
    doubts += [Doubt(None, problem) for problem in (*folder.problems, *project.doubts.values())]
    return Findings(folder, finder.clients, doubts, tokens_of(folder), finder, given or {})


class App:
    """The asker of an application: each question returns what was found in its files."""

    def __init__(self, findings: Findings, log: Log) -> None:
        self.findings = findings
        self.log = log

    def browser_clients(self) -> Evidence:
        """Return the settings of browser clients that are not the runbook's."""
        return self._clients(BROWSER)

    def server_clients(self) -> Evidence:
        """Return the settings of server clients that are not the runbook's."""
        return self._clients(SERVER)

    def tokens(self) -> Evidence:
        """Return the settings of tokens that make no sense."""
        found = self.findings.tokens
        rows = [
            _row(f"{each.place.file} {each.name}", each.place, reason=each.wrong, value=each.value)
            for each in found.settings
            if each.wrong
        ]
        doubts = [f"{each.place}: {each.name}: {each.unknown}" for each in found.settings if each.unknown]
        count = Population(len(found.settings) or len(found.problems), "settings of tokens in supabase/config.toml")
        return self._evidence("the settings of tokens", rows, count, [*found.problems, *doubts])

    def service_keys(self) -> Evidence:
        """Return the service-role keys that everybody gets."""
        keys = self.findings.keys
        rows = [_row(leak.object, leak.place, what=leak.what, reason=leak.why) for leak in shown(keys.leaks)]
        of = "files of the application"
        of += ", in no git repository" if keys.tracked is None else f", of which git tracks {keys.tracked:,}"
        doubts = [*keys.problems, *self.findings.folder.problems]
        return self._evidence("service-role keys", rows, Population(keys.searched, of), doubts)

    def variables(self) -> Evidence:
        """Return the variables that the application names and that are not set, or not to what they are meant to be."""
        found = self.findings.environment
        rows = [_row(f"variable {each.name}", each.place, what=each.what) for each in shown_variables(found.wrong)]
        count = Population(len(found.named), "variables that the application names")
        doubts = [*found.doubts, *self._unread()]
        return self._evidence("the variables of the environment", rows, count, doubts, LIST_IT)

    def versions(self, auditor: Auditor) -> Evidence:
        """Return what of the server's version and extensions is not as the project says. Raises Unchecked."""
        said = self.findings.stated
        doubts = [*said.doubts["versions"], *said.doubts["extensions"]]
        count = len(said.versions) + len(said.extensions)
        if not count and not doubts:
            raise NotApplicable("the project says neither which version of the server it needs nor which extensions")
        with auditor.asking(Question("select", None)) as cursor:
            cursor.execute(
                """
                select pg_catalog.current_setting('server_version_num')::pg_catalog.int4 / 10000,
                       array(select e.extname::pg_catalog.text from pg_catalog.pg_extension e)
                """
            )
            ((server, installed),) = cursor.fetchall()
        found = misfits_of_version(said, server, installed)
        of = Population(count or len(doubts), "versions and extensions that the project names")
        return self._evidence("the versions that the project names", [*map(_misfit, found)], of, doubts)

    def served(self, auditor: Auditor) -> Evidence:
        """Return the schemas about which project, database and audit do not agree. Raises Unchecked."""
        said = self.findings.stated
        doubts = said.doubts["schemas"]
        if not said.schemas and not doubts:
            raise NotApplicable("the project does not say which schemas its API serves")
        with auditor.asking(Question("select", None)) as cursor:
            cursor.execute("select n.nspname::pg_catalog.text from pg_catalog.pg_namespace n")
            there = [name for (name,) in cursor.fetchall()]
        found = misfits_of_schemas(said, auditor.known["exposed"], there)
        of = Population(len(said.schemas) or len(doubts), "schemas that the project has its API serve")
        return self._evidence("the schemas that the API serves", [*map(_misfit, found)], of, doubts)

    def _unread(self) -> list[str]:
        return [*self.findings.folder.problems, *self.findings.finder.project.doubts.values()]

    def _clients(self, side: str) -> Evidence:
        rows: list[Row] = []
        doubts: list[str] = []
        mine = [client for client in self.findings.clients if not client.third_party]
        count = 0
        for client in mine:
            if not client.sides or side in client.sides:
                count += len(WANTED[side])
            if not client.sides:
                doubts.append(
                    f"{client.place}: nothing tells whether {_called(client)} is made in the browser or on the server"
                )
            elif side in client.sides:
                for setting, wanted in WANTED[side].items():
                    found = _judged(client, side, setting, wanted)
                    if isinstance(found, Row):
                        rows.append(found)
                    elif found:
                        doubts.append(found)
        doubts += [str(doubt) for doubt in self.findings.doubts if side in doubt.sides]
        return self._evidence(
            f"the settings of {side} clients", rows, Population(count, f"settings of {side} clients"), doubts
        )

    def _evidence(
        self, about: str, rows: Sequence[Row], population: Population, doubts: Sequence[str], remedy: str = WRITE_IT
    ) -> Evidence:
        told = [*dict.fromkeys(safe(masked(doubt)) for doubt in doubts)]
        more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
        return Evidence(
            rows,
            about=about,
            log=self.log,
            population=population,
            unjudgeable=f"{told[0]}{more}" if told else "",
            remedy=remedy if told else "",
        )


def _judged(client: Client, side: str, setting: str, wanted: object) -> Row | str:
    """Return the offence of one setting of a client, or a sentence of doubt, or ""."""
    value = client.settings[side][setting]
    default = client.library.defaults[side][setting]
    found = [*_meant(value, setting, default)]
    wrong = [(each, is_) for each, is_ in found if is_ is not None and is_ != wanted]
    unknown = [each for each, is_ in found if is_ is None]
    if setting == "flowType" and client.is_service and isinstance(value, Absent):
        return ""  # with the server's own key nobody signs in, so that there is no flow
    if wrong and len(wrong) == len(found):
        each, is_ = wrong[0]
        written = not isinstance(each, Absent)
        place = each.place if written and each.place is not None else client.place
        told = _told(is_, setting)
        return _row(
            f"{client.title}: {setting}",
            place,
            setting=setting,
            value=told if written else f"not written, which means {told}",
            wanted=_told(wanted, setting),
            side=side,
        )
    if unknown:
        first = unknown[0]
        reason = first.reason if isinstance(first, Unknown) else "it is no plain value"
        return f"{first.place or client.place}: {setting} of {_called(client)}: {reason}"
    if wrong:
        each = wrong[0][0]
        place = each.place if each.place is not None and not isinstance(each, Absent) else client.place
        return f"{place}: {setting} of {_called(client)} is {_told(wrong[0][1], setting)} in some cases"
    return ""


def _called(client: Client) -> str:
    return client.name or client.library.name


def _meant(value: Value, setting: str, default: object) -> Iterator[tuple[Value, object]]:
    """Yield what a setting may be to the library, None where that is not known.

    The library takes the defaults for what is not written, and does as truth has it: undefined, null and "" are false,
    and a flow that is not "pkce" is the implicit one.
    """
    for each in alternatives(value):
        match each:
            case Absent():
                yield each, default
            case Known(value=inner) if setting == "flowType":
                yield each, "pkce" if inner == "pkce" else "implicit"
            case Known(value=inner):
                yield each, inner is not UNDEFINED and bool(inner)
            case _:
                yield each, None


def _told(value: object, setting: str) -> str:
    if setting == "flowType":
        return f"'{value}'" if value in _WORDS else "another value"
    return "true" if value else "false"


def _misfit(found: Misfit) -> Row:
    return _row(safe(found.object), found.place, what=safe(found.what), todo=safe(found.todo))


def _row(name: str, place: Place, **details: Scalar) -> Row:
    """Return an offender that is written in a file."""
    name = masked(name)
    file = masked(place.file)
    quoted = {key: str(value) for key, value in details.items()} | {
        "object": name,
        "line": str(place.line),
        "file": file,
    }
    return Row(name, {**details, "file": safe(file), "line": place.line}, quoted, None, Location(file, place.line))
