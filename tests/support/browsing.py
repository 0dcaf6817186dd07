"""A browser for tests of pages: Debian's chromium, driven by Playwright, with no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

AXE = Path(__file__).parents[1] / "vendor" / "axe-4.14.1.min.js"
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@contextmanager
def browser() -> Iterator[Browser]:
    """Start a browser. Without one the tests skip, but in CI they fail: there it is installed."""
    program = shutil.which("chromium")
    if program is None and not os.environ.get("CI"):
        pytest.skip("there is no chromium (Debian: apt install chromium)")
    assert program, "CI installs chromium, and it is not there"
    with sync_playwright() as playwright:
        # A container has no user namespaces for the browser's own walls; what is opened here is our own page.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield started
        finally:
            started.close()


class Opened:
    """A page in a context of its own; ``said`` is what its console said, ``asked`` what it asked of any network."""

    def __init__(self, browser: Browser, path: Path, **how: object) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | how))  # type: ignore[arg-type]
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.address = path.as_uri()
        self.page.goto(self.address)

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def violations(self) -> list[str]:
        """Return what axe finds wrong on level AA, with the first element that it is about."""
        # Through the debugger's own door: the page's policy lets no other script in.
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", AA)
        return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]
