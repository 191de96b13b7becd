"""An exam whose paper stands and rests on words that will not hold while it is sat."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.conftest import NINE
from tests.exams.factories import HOUR, make_spec, person
from tests.laws.factories import FIRST, OLD, citing, law_text, load, put_items
from trainer.attempts.redraw import ExamHasOpened, redraw_papers
from trainer.audit.models import Entry
from trainer.bank.models import ItemRecord, ItemVersion
from trainer.bank.rebind import keep_item
from trainer.core.database import db
from trainer.exams.law_warning import warn_organisers
from trainer.exams.models import Candidate
from trainer.exams.queries import stale_items
from trainer.exams.service import create_exam, extend_closing
from trainer.notices.models import Notice
from trainer.papers.models import Paper, PaperItem
from trainer.papers.service import NotEnoughItems

# The exam of ``make_spec`` is sat on the 23rd.
DAY = date(2026, 11, 23)


@pytest.fixture
def items(city):
    load(law_text(FIRST, OLD, starts_on=date(2020, 3, 1)))
    return put_items(*(citing(number, number) for number in "134"))


def make(city, **changes):
    return create_exam(make_spec(**changes), by=person(city, "organiser"), now=NINE - HOUR)


def notices(session):
    session.rollback()
    return session.scalars(select(Notice).where(Notice.code == "exam_rests_on_old_law")).all()


def test_items_that_go_into_quarantine_before_the_exam_closes_are_not_drawn(session, city, items):
    load(law_text(starts_on=DAY))
    with pytest.raises(NotEnoughItems):
        make(city)


def test_items_whose_law_changes_on_the_day_after_are_drawn(session, city, items):
    load(law_text(starts_on=DAY + timedelta(days=1)))
    make(city)
    assert len(session.scalars(select(PaperItem)).all()) == 3


def test_the_organiser_is_told_once_and_the_paper_stays(as_user, session, city, items, clock):
    clock(NINE)
    exam_id = make(city)
    document = session.scalar(select(Paper.document))
    load(law_text(starts_on=DAY))
    assert [warn_organisers(NINE), warn_organisers(NINE)] == [1, 0]
    (notice,) = notices(session)
    assert (notice.user_id, notice.params["count"], notice.url) == (city.people["organiser"], 2, f"/exams/{exam_id}")
    assert session.scalar(select(Paper.document)) == document
    page = as_user("organiser").get(f"/exams/{exam_id}").text
    assert "试卷里有 2 道题所依据的法条" in page
    assert "cite-3" in page
    assert "cite-1" not in page


def papers_dealt(session, exam_id):
    """Return the papers that candidates hold and the codes that stand in them."""
    session.rollback()
    held = set(session.scalars(select(Candidate.paper_id).where(Candidate.exam_id == exam_id)))
    rows = (
        select(ItemRecord.code)
        .join(ItemVersion, ItemVersion.item_id == ItemRecord.id)
        .join(PaperItem, PaperItem.item_version_id == ItemVersion.id)
        .where(PaperItem.paper_id.in_(held))
    )
    return held, set(session.scalars(rows))


@pytest.mark.parametrize("draw", ["one_paper", "per_form", "per_candidate"])
def test_papers_are_drawn_anew_without_what_went_into_quarantine(as_user, session, city, items, clock, draw):
    clock(NINE - HOUR)
    exam_id = make(city, draw=draw, **({"forms": 2} if draw == "per_form" else {}))
    load(law_text(starts_on=DAY))
    before, codes = papers_dealt(session, exam_id)
    assert codes == {"cite-1", "cite-3", "cite-4"}
    organiser = as_user("organiser")
    assert "/redraw" in organiser.get(f"/exams/{exam_id}").text
    told = organiser.post(f"/exams/{exam_id}/redraw", follow_redirects=True).text
    assert "已按现行题库重新组卷" not in told
    assert papers_dealt(session, exam_id) == (before, codes)
    put_items(citing(6, "1"), citing(7, "1"))
    told = organiser.post(f"/exams/{exam_id}/redraw", follow_redirects=True).text
    assert "已按现行题库重新组卷" in told
    assert "试卷里有" not in told
    held, codes = papers_dealt(session, exam_id)
    assert None not in held
    assert not held & before
    assert codes == {"cite-1", "cite-6", "cite-7"}
    (entry,) = session.scalars(select(Entry).where(Entry.action == "exam.papers_redrawn"))
    assert entry.detail["commitment"] not in entry.detail["before"]


def test_no_paper_is_drawn_anew_when_somebody_has_started_meanwhile(as_user, session, city, items, clock):
    clock(NINE)
    exam_id = make(city)
    put_items(citing(6, "1"), citing(7, "1"))
    before = papers_dealt(session, exam_id)
    assert as_user("officer").post(f"/api/v1/exams/{exam_id}/attempts").status_code == 201
    # The request came a second before the opening and had to wait for its turn.
    with pytest.raises(ExamHasOpened):
        redraw_papers(exam_id, by=person(city, "organiser"), now=NINE - timedelta(seconds=1))
    assert papers_dealt(session, exam_id) == before


def test_no_paper_is_drawn_anew_once_the_exam_is_open(as_user, session, city, items, clock):
    clock(NINE)
    exam_id = make(city)
    load(law_text(starts_on=DAY))
    put_items(citing(6, "1"), citing(7, "1"))
    before = papers_dealt(session, exam_id)
    assert "/redraw" not in as_user("organiser").get(f"/exams/{exam_id}").text
    told = as_user("organiser").post(f"/exams/{exam_id}/redraw", follow_redirects=True).text
    assert "考试已经开始" in told
    assert as_user("county_organiser").post(f"/exams/{exam_id}/redraw").status_code == 404
    assert papers_dealt(session, exam_id) == before


def test_an_item_that_was_rebound_meanwhile_is_still_stale_in_the_paper(session, city, items):
    exam_id = make(city)
    load(law_text(starts_on=DAY))
    (change,) = {row.change_id for row in _checks(session)}
    keep_item(change, items[1], by=7, now=NINE)
    assert {one.code for one in _stale(session, exam_id)} == {"cite-3", "cite-4"}


def test_a_law_that_changes_after_the_exam_closes_is_no_warning_until_it_is_extended(session, city, items):
    exam_id = make(city)
    load(law_text(starts_on=DAY + timedelta(days=1)))
    assert warn_organisers(NINE) == 0
    extend_closing(exam_id, NINE + timedelta(days=1), by=person(city, "organiser"), now=NINE)
    assert warn_organisers(NINE) == 1


def test_an_exam_that_is_over_is_no_warning(session, city, items):
    make(city)
    load(law_text(starts_on=DAY))
    assert warn_organisers(NINE + 3 * HOUR) == 0


def test_the_command_that_loads_a_law_tells_the_organiser(app, session, city, items, tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.bank.cli.utcnow", lambda: NINE)
    make(city)
    text = law_text()
    file = tmp_path / "示例管理条例(2026-10-01).md"
    lines = ["# 示例管理条例", "2026年10月1日 修订", *(f"{one.label} {one.text}" for one in text.articles)]
    file.write_text("\n\n".join(lines), encoding="utf-8")
    done = app.test_cli_runner().invoke(args=["laws", "import", str(file), "--in-force-from", DAY.isoformat()])
    assert done.exit_code == 0
    assert len(notices(session)) == 1


def _checks(session):
    from trainer.bank.models import ItemLawCheck

    session.rollback()
    return session.scalars(select(ItemLawCheck)).all()


def _stale(session, exam_id):
    from trainer.exams.models import Exam

    session.rollback()
    blueprint = session.scalar(select(Exam.blueprint_id).where(Exam.id == exam_id))
    found = stale_items(db.session(), blueprint, DAY)
    session.rollback()
    return found


def test_the_builder_counts_for_the_day_on_which_the_exam_closes(as_user, city, items, clock):
    clock(NINE)
    load(law_text(starts_on=DAY + timedelta(days=2)))
    row = {"title": "一", "kind": "single_choice", "count": "3", "points_each": "1"}

    def told(**more):
        answer = as_user("organiser").post("/exams/supply", json={"sections": [row], **more})
        return answer.json["sections"][0]["state"]

    assert told() == told(closes_at="") == told(closes_at="2026-11-24T18:00") == "enough"
    assert told(closes_at="2026-11-25T09:00") == "short"
    assert told(closes_at=[7]) == "enough"
