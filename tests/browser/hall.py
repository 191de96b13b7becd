"""What the journeys through the exam hall share: making an exam, answering, looking at what stands."""

from __future__ import annotations

import orjson
from playwright.sync_api import Page, expect

from tests.attempts.factories import make_exam
from trainer.attempts.models import Attempt, Incident, Response
from trainer.core.clock import utcnow

# What lies in the outbox of the page's browser.
KEPT = """async () => {
  const open = indexedDB.open("exam-outbox");
  const database = await new Promise((resolve) => { open.onsuccess = () => resolve(open.result); });
  const all = (name) => new Promise((resolve) => {
    const request = database.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  const entries = await all("entries");
  const keys = await all("keys");
  return {
    numbers: entries.map((one) => one.number),
    texts: entries.map((one) => new TextDecoder("latin1").decode(one.data)),
    exportable: keys.map((one) => one.key.extractable),
  };
}"""


def new_exam(site, **more):
    """Make an exam that is open now."""
    with site.at_hand():
        return make_exam(site.city, utcnow(), **more)


def enter(page: Page, exam) -> None:
    """Go to the hall and start, or resume."""
    page.goto(f"/exams/{exam.exam_id}/hall")
    page.locator("[data-start]").click()
    expect(page.locator(".question").first).to_be_visible()


def expect_saved(page: Page, timeout: int = 10_000) -> None:
    """Wait until everything has its receipt."""
    expect(page.locator(".exam-saved")).to_have_class("exam-saved ", timeout=timeout)


def go_to(page: Page, number: int) -> None:
    """Go to an item by the map beside the paper."""
    page.locator(f'.exam-side [data-go="{number}"]').click()
    expect(page.locator(f'.question[data-number="{number}"]')).to_be_visible()


def choose(page: Page, text: str) -> None:
    """Press the option with this text in the item shown."""
    page.locator(".option", has_text=text).click()


def hand_in(page: Page) -> None:
    """Hand in by the map and confirm; ends at the receipt."""
    page.locator("[data-hand-in]:visible").first.click()
    page.locator("#exam-handin [data-yes]").click()
    page.wait_for_url("**/receipt*")


def enter_anew(page: Page, exam) -> Page:
    """Close a page whose line may be down, let the line be up, enter on a new one, and wait for what was unsent."""
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.set_default_timeout(10_000)
    enter(again, exam)
    expect_saved(again)
    return again


def attempt_of(site, exam, username="officer"):
    """Return the latest attempt of a person."""
    with site.at_hand() as session:
        return (
            session.query(Attempt)
            .filter_by(exam_id=exam.exam_id, user_id=site.city.people[username])
            .order_by(Attempt.ordinal.desc())
            .first()
        )


def standing(site, exam, username="officer") -> dict:
    """Return the answers that stand in the database, by item number; what was taken back is left out."""
    attempt = attempt_of(site, exam, username)
    with site.at_hand() as session:
        rows = session.query(Response).filter_by(attempt_id=attempt.id).order_by(Response.number)
        found = {row.number: orjson.loads(row.answer) for row in rows}
    return {number: answer for number, answer in found.items() if answer is not None}


def leave(page: Page, seconds: float = 1.4, *, how: str = "blur visibilitychange") -> None:
    """Let the page lose the focus, for so long; a browser may tell it by more than one event."""
    page.evaluate(
        """(how) => {
          Object.defineProperty(document, "hasFocus", { value: () => false, configurable: true });
          Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
          how.split(" ").forEach((name) => {
            (name === "blur" ? window : document).dispatchEvent(new Event(name));
          });
        }""",
        how,
    )
    page.wait_for_timeout(seconds * 1000)


def come_back(page: Page) -> None:
    """Let the page have the focus again."""
    page.evaluate("""() => {
      Object.defineProperty(document, "hasFocus", { value: () => true, configurable: true });
      Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
      window.dispatchEvent(new Event("focus"));
    }""")


def incidents_of(site, exam, username="officer") -> list[str]:
    """Return the kinds of incident recorded for a person's attempt, oldest first."""
    attempt = attempt_of(site, exam, username)
    with site.at_hand() as session:
        return [one.kind for one in session.query(Incident).filter_by(attempt_id=attempt.id).order_by(Incident.id)]
