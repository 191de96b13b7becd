"""Every page of the site passes axe-core without a serious finding and fits a small phone, in both themes.

The list comes from the url map, so that a new page cannot be forgotten.
"""

import pytest

from question_bank.kinds import KINDS
from tests.browser.tabbing import trouble_with_tab
from tests.browser.test_accessible import findings

pytestmark = pytest.mark.browser

TOO_WIDE = """[...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > window.innerWidth)
    .map((one) => `${one.tagName}.${one.className}`).slice(0, 5)"""

LOOKS = pytest.mark.parametrize(
    ("width", "dark", "locale"),
    [(360, False, "zh_CN"), (1024, True, "en")],
    ids=["phone-light-zh", "desk-dark-en"],
)


@pytest.fixture
def real_site(full):
    """Let ``browse`` open pages of this site."""
    return full.site


def look(page, address, *, status=200) -> list[str]:
    """Open an address and return what is wrong with the page."""
    answer = page.goto(address)
    wrong = findings(page)
    if answer.status != status:
        wrong.append(f"answers {answer.status}")
    if not page.url.endswith(address):
        wrong.append(f"leads to {page.url}")
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        wrong.append(f"is too wide: {page.evaluate(TOO_WIDE)}")
    return wrong


def read(page, address, **more):
    found = look(page, address, **more)
    return {address: found} if found else {}


@LOOKS
def test_every_page_of_the_url_map(browse, full, width, dark, locale):
    wrong, opened = {}, {}
    pages = full.pages()
    assert len(pages) > 50
    for _endpoint, username, address in pages:
        if username not in opened:
            opened[username] = browse(username, width=width, dark=dark, locale=locale)
        wrong |= read(opened[username], address)
    assert wrong == {}


@LOOKS
def test_the_home_page_of_every_role(browse, full, width, dark, locale):
    wrong = {}
    for username in full.homes():
        page = browse(username, width=width, dark=dark, locale=locale)
        if found := look(page, "/"):
            wrong[username] = found
        page.context.close()
    assert wrong == {}


@LOOKS
def test_states_of_pages_that_one_address_does_not_show(browse, full, width, dark, locale):
    head = browse("head", width=width, dark=dark, locale=locale)
    organiser = browse("organiser", width=width, dark=dark, locale=locale)
    admin = browse("admin", width=width, dark=dark, locale=locale)
    wrong = {}
    for class_id in full.classes.values():
        wrong |= read(head, f"/training/{class_id}")
    for exam_id in full.exams.values():
        wrong |= read(organiser, f"/exams/{exam_id}")
    for address in ("/people?q=nobody-of-that-name", "/grants?q=nobody-of-that-name", "/units?q=nothing"):
        wrong |= read(admin, address)
    wrong |= read(browse("auditor", width=width, dark=dark, locale=locale), "/audit?target=moon:1")
    wrong |= read(browse("bank", width=width, dark=dark, locale=locale), "/items?words=nothing-like-this")
    bank = browse("bank", width=width, dark=dark, locale=locale)
    for batch_id in full.imports.values():
        wrong |= read(bank, f"/items/import/{batch_id}")
    for address in ("/items/statistics?origin=practice", "/items/statistics?advice=drifting", "/items?advice=weak"):
        wrong |= read(bank, address)
    wrong |= read(admin, "/nowhere", status=404)
    wrong |= read(admin, "/audit", status=403)
    assert wrong == {}


def test_every_page_of_the_bank_is_walked_by_tab_alone(browse, full):
    wrong, opened = {}, {}
    pages = [(who, address) for _endpoint, who, address in full.pages() if address.startswith(("/items", "/laws"))]
    pages += [("bank", f"/items/new?kind={kind}") for kind in KINDS]
    pages += [("bank", f"/items/import/{batch_id}") for batch_id in full.imports.values()]
    for username, address in pages:
        if username not in opened:
            opened[username] = browse(username)
        opened[username].goto(address)
        if found := trouble_with_tab(opened[username]):
            wrong[address] = found
    assert wrong == {}
