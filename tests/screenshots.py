"""``make screenshots``: the pictures of docs/screenshots, of the reference with some sabotages, taken with chromium."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser

from audit.results import Verdict
from reports.causes import causes
from reports.model import Changes, Past, Run
from reports.reading import load
from reports.renderers import html
from tests.support.browsing import Opened, browser

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "screenshots"
DESK, TELEPHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
NIGHTS = 30

# What is broken in the pictures: a person can be made an administrator, tables are open, some work is left.
BROKEN = """
alter table public.messages disable row level security;
create policy "everybody reads" on public.help_requests for select to anon, authenticated using (true);
create table public.visits (id bigint, profile_id uuid references public.profiles (id));
grant select on public.visits to anon, authenticated;
create view public.phone_book as select id, name, phone from public.profiles;
grant select on public.phone_book to anon;
"""


def audited(folder: Path) -> Run:
    """Return a run over the reference with one more migration, which breaks some of it."""
    migrations = folder / "migrations"
    migrations.mkdir()
    for path in (ROOT / "schema" / "migrations").glob("*.sql"):
        (migrations / path.name).write_bytes(path.read_bytes())
    (migrations / "20990101000000_broken.sql").write_text(BROKEN, encoding="utf-8")
    call = [
        sys.executable, "-m", "pytest", "policies", f"--migrations={migrations}", f"--report-dir={folder}",
        "--settings=audit.toml", "--access=schema/access.toml", "-p", "no:cacheprovider",
    ]  # fmt: skip
    subprocess.run(call, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    return lived(load(folder / "audit.json"))


def lived(run: Run) -> Run:
    """Return a run with a made-up history of some nights, in which all was well until three days ago."""
    since = run.started_at - timedelta(days=3)
    results = tuple(replace(r, findings=tuple(replace(f, since=since) for f in r.findings)) for r in run.results)
    run = replace(run, results=results, identity=replace(run.identity, place="service=prod"))
    found = run.counts()
    past = tuple(
        Past(when, found if when >= since else {v: found[v] if v is Verdict.UNCHECKED else n % 2 for v in Verdict})
        for n in range(NIGHTS)
        for when in [run.started_at - timedelta(days=NIGHTS - 1 - n)]
    )
    return replace(run, trend=past, changes=Changes(past[-2].started_at))


def take(started: Browser, run: Run, page: Path) -> None:
    """Take the pictures of a page."""
    for scheme in ("light", "dark"):
        for name, size in (("desk", DESK), ("telephone", TELEPHONE)):
            with Opened(started, page, viewport=size, color_scheme=scheme) as opened:
                opened.page.screenshot(path=FOLDER / f"first-screen-{scheme}-{name}.png")
                opened.page.locator("#matrix").scroll_into_view_if_needed()
                opened.page.locator("#matrix h2").evaluate("each => each.scrollIntoView()")
                opened.page.screenshot(path=FOLDER / f"matrix-{scheme}-{name}.png")
    with Opened(started, page, viewport=DESK) as opened:
        opened.page.evaluate("id => { location.hash = id; }", causes(run)[0].anchor)
        opened.page.wait_for_timeout(300)
        opened.page.screenshot(path=FOLDER / "cause.png")
        pdf = opened.page.pdf(prefer_css_page_size=True, print_background=True)
    picture(pdf)


def picture(pdf: bytes) -> None:
    """Take a picture of the first page of a PDF, where there is a program that does."""
    call = ["pdftoppm", "-png", "-r", "60", "-f", "1", "-l", "1", "-singlefile", "-", str(FOLDER / "print")]
    try:
        subprocess.run(call, input=io.BytesIO(pdf).read(), check=True)
    except (OSError, subprocess.CalledProcessError):
        sys.stderr.write("there is no pdftoppm (Debian: poppler-utils): no picture of the PDF was taken\n")


def main() -> int:
    """Take all pictures anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browser() as started:
        run = audited(Path(name))
        page = Path(name) / "audit.html"
        page.write_text(html.render(run), encoding="utf-8")
        take(started, run, page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
