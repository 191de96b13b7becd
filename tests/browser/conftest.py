"""A real server and a real Chromium. Without a browser the tests fail under CI=true and are skipped elsewhere."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.browser.full_site import furnish
from tests.browser.real_site import RealSite

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 10_000


def pytest_collection_modifyitems(config, items):
    """Pages do not depend on the database: the browser goes round once, on SQLite."""
    if config.getoption("--database") != "postgresql":
        return
    ours = [item for item in items if "browser" in item.keywords]
    if ours:
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if "browser" not in item.keywords]


@pytest.fixture(scope="session")
def chromium():
    """One browser for all journeys."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no Chromium: run `make test`, which installs it, or install chromium")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def real_site(tmp_path_factory):
    """One served site for all journeys; each makes an exam of its own."""
    site = RealSite(tmp_path_factory.mktemp("served"))
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A site of the file's own with something on every page; what other journeys leave behind would change it."""
    site = RealSite(tmp_path_factory.mktemp("full"))
    made = furnish(site)
    site.start()
    yield made
    site.stop()


@pytest.fixture
def browse(chromium, real_site):
    """Return a function that opens a page signed in as somebody: ``browse("officer", width=390)``."""
    contexts = []

    def open_page(username=None, *, width=1280, height=900, dark=False, locale="zh_CN", touch=False, base_url=None):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            base_url=base_url or real_site.url,
            has_touch=touch,
            is_mobile=touch,
        )
        context.set_default_timeout(TIMEOUT)
        cookies = [{"name": "locale", "value": locale, "url": real_site.url}]
        if username:
            cookies.append({"name": "session", "value": real_site.session_of(username), "url": real_site.url})
        context.add_cookies(cookies)
        contexts.append(context)
        page = context.new_page()
        page.troubles = []
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on(
            "console",
            lambda message: (
                page.troubles.append(message.text)
                if "Content Security Policy" in message.text or "Refused to" in message.text
                else None
            ),
        )
        return page

    yield open_page
    troubles = [trouble for context in contexts for page in context.pages for trouble in getattr(page, "troubles", [])]
    for context in contexts:
        context.close()
    assert not troubles, troubles
