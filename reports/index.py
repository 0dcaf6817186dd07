"""index.html in the folder of nightly runs: each run with its verdict, the newest first, and the way to its report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from reports import folder, wording
from reports.causes import headline
from reports.model import Run
from reports.reading import ReadError, load
from reports.renderers import html

NAME = "index.html"
MOST = 120


@dataclass(frozen=True)
class Entry:
    """One run: the name of its folder, what was found, and the reports that are there."""

    name: str
    run: Run

    @property
    def headline(self) -> str:
        """The worst consequence."""
        return headline(self.run)

    @property
    def link(self) -> str:
        """Where its page is."""
        return f"{quote(self.name)}/{folder.OUTPUTS['html']}"


def entries(where: Path) -> Iterator[Entry]:
    """Yield the runs that a folder holds, the newest first; what cannot be read is left out."""
    found = sorted((each for each in where.iterdir() if each.is_dir() and not each.is_symlink()), reverse=True)
    for each in found[:MOST]:
        try:
            yield Entry(each.name, load(each / folder.OUTPUTS["json"]))
        except ReadError:
            continue


def render(where: Path) -> str:
    """Return the page."""
    template = html.environment().get_template("index.html.jinja")
    framed = html.framed(html.style())
    return template.render(entries=[*entries(where)], title=f"{wording.TITLE}: all runs", body="index", **framed)


def write(where: Path) -> None:
    """Write the page. Raises OSError."""
    folder.replace_file(where / NAME, render(where))
