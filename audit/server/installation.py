"""The server's installation, with the extensions that a Supabase project may create.

PostgreSQL finds its share directory relative to the place of its own program. So a copy of the program in a directory
that mirrors the installation, with links to everything else, makes a server that reads the control files which we put
there: its own, marked trusted where Supabase lets role postgres create the extension, and those of our stand-ins
(schema/platform/extensions). The setting extension_control_path would do the same from PostgreSQL 18 on only.

Sources: https://www.postgresql.org/docs/current/extend-extensions.html (control files; trusted)
         https://supabase.com/docs/guides/database/extensions
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.platform import EXTENSIONS, extensions

_CONTROL = ".control"
_TRUSTED = re.compile(r"^[ \t]*trusted[ \t]*=.*\n?", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """A file of the share directory's folder ``extension``: a text of ours, or a link to one of the server's."""

    name: str
    text: str | None = None
    target: Path | None = None


def overlay(binaries: Path, share: Path, directory: Path) -> Path:
    """Lay an installation into ``directory``, which must not be there yet; return its directory of programs.

    ``binaries`` and ``share`` are the server's own. Everybody may read what is made, only its maker may write: the
    server's account cannot change what an extension's script does. Raises OSError.
    """
    binaries, share = binaries.resolve(), share.resolve()
    common = Path(os.path.commonpath([binaries, share]))
    programs = directory / binaries.relative_to(common)
    shared = directory / share.relative_to(common)
    for made in (programs, shared / "extension"):
        made.mkdir(parents=True)
    shutil.copy(binaries / "postgres", programs / "postgres")
    (programs / "postgres").chmod(0o755)
    for entry in binaries.parent.iterdir():
        # Its libraries, and whatever else lies beside the programs; what is there already is a part of the mirror.
        link = programs.parent / entry.name
        if not link.exists():
            link.symlink_to(entry)
    for entry in share.iterdir():
        if entry.name != "extension":
            (shared / entry.name).symlink_to(entry)
    for file in files(share / "extension"):
        path = shared / "extension" / file.name
        if file.target:
            path.symlink_to(file.target)
        else:
            path.write_text(file.text or "", encoding="utf-8")
            path.chmod(0o644)
    _open_up(directory)
    return programs


def _open_up(directory: Path) -> None:
    """Let everybody enter the directories that were made, whatever the umask."""
    for folder, _, __ in os.walk(directory):
        Path(folder).chmod(0o755)


def archive(server: bytes) -> bytes:
    """Return a tar archive of the files to put into a server's folder ``extension``, given an archive of that folder.

    For a server whose files are somewhere else, as in a container. Raises tarfile.TarError.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        with tarfile.open(fileobj=io.BytesIO(server)) as found:
            for member in found.getmembers():
                # Only contents and base names are taken: where an archive's members would like to go is of no interest.
                if member.isfile() and member.name.endswith(_CONTROL) and (content := found.extractfile(member)):
                    (folder / Path(member.name).name).write_bytes(content.read())
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as ours:
            for file in files(folder):
                if file.text is not None:
                    entry = tarfile.TarInfo(file.name)
                    content_of = file.text.encode()
                    entry.size, entry.mode = len(content_of), 0o644
                    ours.addfile(entry, io.BytesIO(content_of))
        return packed.getvalue()


def files(server: Path) -> Iterator[File]:
    """Yield what the folder ``extension`` of a server has to hold, given its own folder."""
    listed = extensions()
    own = {path.name.removesuffix(_CONTROL) for path in server.glob(f"*{_CONTROL}")}
    ours = {name for name, extension in listed.items() if extension.has_stand_in and not extension.uses_own(own)}
    for path in server.iterdir():
        name = path.name.partition("--")[0].removesuffix(_CONTROL)
        if name in ours:
            continue
        control = path.name == f"{name}{_CONTROL}"
        if control and (name in listed and listed[name].trusted):
            yield File(path.name, text=trust(path.read_text(encoding="utf-8")))
        else:
            yield File(path.name, target=path)
    yield from stand_ins(ours)


def stand_ins(names: set[str]) -> Iterator[File]:
    """Yield the files of stand-ins: a control file and a script each."""
    for name in sorted(names):
        for path in (EXTENSIONS / f"{name}{_CONTROL}", *EXTENSIONS.glob(f"{name}--*.sql")):
            yield File(path.name, text=path.read_text(encoding="utf-8"))


def trust(control: str) -> str:
    """Return a control file with ``trusted = true``: the superuser runs its script for all who own the database."""
    return _TRUSTED.sub("", control).rstrip() + "\ntrusted = true\n"
