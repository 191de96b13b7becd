"""The competitions of the demonstration city with their exams, and the exams that belong to none.

The finished competition is played through in its order: preliminary, who goes through by the rule of the notice,
final, posting and signing of the results. The running one has its preliminary open and its final drafted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, update

from trainer.competitions.rules.advancing import Ranked, advancing
from trainer.competitions.rules.prizes import Prize
from trainer.competitions.rules.standings import PersonScore, of_people
from trainer.competitions.rules.tiebreak import DEFAULT_CHAIN
from trainer.competitions.service import NewCompetition, NewRound, NewTeam, close, create, post_results
from trainer.demo.ground import Ground, city_time
from trainer.demo.loading_exams import ORGANISER, SECTION_TITLES, date_notices, make_exam, mark, sit
from trainer.demo.rules.contests import (
    ALWAYS_ENTERED,
    TEAM_SIZE,
    CompetitionSpec,
    EntrySpec,
    RoundSpec,
)
from trainer.demo.rules.people import SHOW_UNIT
from trainer.demo.rules.writing import Sitting, seconds_taken
from trainer.exams.models import Candidate
from trainer.exams.rules import ExamSpec
from trainer.marking.models import Result
from trainer.papers.rules.blueprint import SectionSpec

OPENS, CLOSES = 9, 18
BEST_N = 3
NERVES = 0.1
# For people 2, 3, 5 and for teams 1, 2, 3, as provincial contests of enforcement officers have given them.
PRIZES = (
    Prize("individual", "一等奖", places=2),
    Prize("individual", "二等奖", places=3),
    Prize("individual", "三等奖", places=5),
    Prize("team", "团体一等奖", places=1),
    Prize("team", "团体二等奖", places=2),
    Prize("team", "团体三等奖", places=3),
)
# A second unit beside the show unit for the exams that belong to no competition.
OTHER_UNIT = "JM-SCJGJ"
CENTRAL_DISTRICT = "JM-PJ"

SHORT = (("single_choice", 10, 1), ("multiple_choice", 5, 2), ("true_false", 5, 1))
YEARLY = (("single_choice", 30, 1), ("multiple_choice", 20, 2), ("true_false", 30, 1))


def load_contests(ground: Ground) -> dict[str, int]:
    """Put in both competitions and return their ids by code; a competition without entrants is left out."""
    ids = {}
    for spec in ground.story.competitions:
        if spec.entries:
            ids[spec.code] = _finished(ground, spec) if spec.state == "finished" else _running(ground, spec)
    return ids


def _finished(ground: Ground, spec: CompetitionSpec) -> int:
    first, last = spec.rounds
    abilities = {entry.username: entry.ability for entry in spec.entries}
    preliminary = _make_round(ground, spec, first, 1, [entry.username for entry in spec.entries])
    there = [entry for entry in spec.entries if entry.presence == "submitted"]
    _sit_round(ground, preliminary, first, there)
    through = _through(ground, preliminary, _top(first))
    final = _make_round(ground, spec, last, 2, through)
    _sit_final(ground, final, last, {username: abilities[username] for username in through})
    founded = city_time(first.opens_on - timedelta(days=7), 10)
    competition_id = _found(ground, spec, (preliminary, final), founded, public=True, names="full")
    assert spec.published_on is not None
    posted = city_time(last.closes_on + timedelta(days=1), 9)
    signed = city_time(spec.published_on, 10)
    organiser = ground.person(ORGANISER)
    post_results(competition_id, until=signed - timedelta(hours=1), by=organiser, now=posted)
    date_notices(ground, f"competition:{competition_id}:posted", posted)
    close(competition_id, by=organiser, now=signed)
    return competition_id


def _running(ground: Ground, spec: CompetitionSpec) -> int:
    first, last = spec.rounds
    preliminary = _make_round(ground, spec, first, 1, [entry.username for entry in spec.entries])
    _sit_round(ground, preliminary, first, [entry for entry in spec.entries if entry.presence == "submitted"])
    _sit_now(ground, preliminary, [entry for entry in spec.entries if entry.presence == "open"])
    final = make_exam(ground, _exam(ground, spec, last, 2, ()), at=_announced(first), publish=False)
    return _found(ground, spec, (preliminary, final), _announced(first), public=False, names="masked")


def _announced(first: RoundSpec) -> datetime:
    return city_time(first.opens_on - timedelta(days=3), 10)


def _top(one: RoundSpec) -> int:
    return (one.advance_teams or 0) * TEAM_SIZE


def _sections(sections: Sequence[tuple[str, int, int]]) -> tuple[SectionSpec, ...]:
    # A true subset of the right options earns half: the usual rule of the notices for multiple choice.
    rules = {"multiple_choice": "half_for_incomplete"}
    return tuple(
        SectionSpec(SECTION_TITLES[kind], kind, count, Decimal(points), rules.get(kind, "all_or_nothing"))
        for kind, count, points in sections
    )


def _exam(ground: Ground, spec: CompetitionSpec, one: RoundSpec, number: int, usernames: Sequence[str]) -> ExamSpec:
    return ExamSpec(
        title=f"{spec.title}{one.title}",
        opens_at=city_time(one.opens_on, OPENS),
        closes_at=city_time(one.closes_on, CLOSES if one.kind == "preliminary" else OPENS + 1),
        minutes=one.minutes,
        sections=_sections(one.sections),
        shuffle_items=True,
        shuffle_options=True,
        seed=f"{ground.seed}-{spec.code}-{number}",
        usernames=tuple(usernames),
    )


def _make_round(ground: Ground, spec: CompetitionSpec, one: RoundSpec, number: int, usernames: Sequence[str]) -> int:
    announced = city_time(one.opens_on - timedelta(days=3), 10)
    exam_id = make_exam(ground, _exam(ground, spec, one, number, usernames), at=announced)
    _name_for_units(ground, exam_id, spec.entries)
    return exam_id


def _name_for_units(ground: Ground, exam_id: int, entries: Sequence[EntrySpec]) -> None:
    """Count entrants with the county or department for which they compete, not with their own small office."""
    competes_for = {ground.users[entry.username]: ground.units[entry.unit_code] for entry in entries}
    rows = ground.session.execute(select(Candidate.id, Candidate.user_id).where(Candidate.exam_id == exam_id)).all()
    if rows:
        changes = [{"id": row.id, "unit_id": competes_for[row.user_id]} for row in rows]
        ground.session.execute(update(Candidate), changes)


def _sit_round(ground: Ground, exam_id: int, one: RoundSpec, entries: Sequence[EntrySpec]) -> None:
    """Let people sit a preliminary on days of their choice; of a running one only before today."""
    random = ground.chance("preliminary", one.opens_on)
    last = min(one.closes_on, ground.story.today - timedelta(days=1))
    days = (last - one.opens_on).days + 1
    sittings = []
    for entry in entries:
        day = one.opens_on + timedelta(days=random.randrange(days))
        started_at = city_time(day, OPENS, 10) + timedelta(seconds=random.randrange(7 * 3600))
        sittings.append(Sitting(entry.username, entry.ability, started_at, seconds_taken(random, one.minutes)))
    marked_at = min(city_time(one.closes_on, CLOSES), city_time(last + timedelta(days=1), 0))
    mark(ground, sit(ground, exam_id, sittings), marked_at)


def _sit_final(ground: Ground, exam_id: int, one: RoundSpec, abilities: Mapping[str, float]) -> None:
    random = ground.chance("final", one.opens_on)
    opens_at = city_time(one.opens_on, OPENS)
    sittings = [
        # They are the best of the city, but nobody is at ease before an audience.
        Sitting(
            username,
            ability - NERVES,
            opens_at + timedelta(seconds=random.randrange(5, 90)),
            seconds_taken(random, one.minutes),
        )
        for username, ability in abilities.items()
    ]
    mark(ground, sit(ground, exam_id, sittings), city_time(one.closes_on, CLOSES))


def _sit_now(ground: Ground, exam_id: int, entries: Sequence[EntrySpec]) -> None:
    random = ground.chance("writing")
    sittings = [
        # They go on writing until the site hands in for them, unless somebody looks sooner.
        Sitting(entry.username, entry.ability, ground.now - timedelta(minutes=random.randint(4, 25)), None)
        for entry in entries
    ]
    sit(ground, exam_id, sittings)


def _through(ground: Ground, exam_id: int, top: int) -> list[str]:
    """Return who goes through, the best first, by the site's own ranking and rule."""
    names = {user_id: username for username, user_id in ground.users.items()}
    rows = ground.session.execute(select(Result).where(Result.exam_id == exam_id)).scalars()
    scores = [
        PersonScore(
            user_id=row.user_id,
            name=names[row.user_id],
            unit_id=row.unit_id,
            unit=str(row.unit_id),
            score=row.score,
            objective_score=row.objective_score,
            seconds_used=row.seconds_used,
            submitted_at=row.submitted_at,
            lot=0,
        )
        for row in rows
    ]
    ranking = [Ranked(one.place, one.key, one.unit_id) for one in of_people(scores, DEFAULT_CHAIN)]
    return [names[int(str(one.key))] for one in advancing(ranking, top=top)]


def _found(
    ground: Ground, spec: CompetitionSpec, exams: tuple[int, int], at: datetime, *, public: bool, names: str
) -> int:
    first, last = spec.rounds
    new = NewCompetition(
        title=spec.title,
        rounds=(NewRound(first.title, exams[0], _top(first)), NewRound(last.title, exams[1])),
        team_score="best_n",
        team_best_n=BEST_N,
        public=public,
        names=names,
        prizes=PRIZES,
        teams=tuple(NewTeam(team.name, team.unit_code, team.members) for team in spec.teams),
    )
    competition_id = create(new, by=ground.person(ORGANISER), now=at)
    date_notices(ground, f"competition:{competition_id}:published", at)
    return competition_id


def load_other_exams(ground: Ground) -> None:
    """Put in a short test that may be sat now and shows its result at once, and the exam of the year to come."""
    today = ground.story.today
    units = [code for code in (SHOW_UNIT, OTHER_UNIT) if code in ground.units]
    opened = today - timedelta(days=10)
    test = make_exam(
        ground,
        ExamSpec(
            title="公共法律知识随堂测",
            opens_at=city_time(opened, OPENS),
            closes_at=city_time(today + timedelta(days=20), CLOSES),
            minutes=20,
            sections=_sections(SHORT),
            pass_mark=Decimal(15),
            attempts=3,
            release="after_submit",
            draw="per_form",
            forms=4,
            shuffle_options=True,
            seed=f"{ground.seed}-test",
            units=tuple(units),
        ),
        at=city_time(opened - timedelta(days=2), 10),
    )
    _sit_test(ground, test, opened)
    day = today + timedelta(days=12)
    while day.weekday() > 2:
        day += timedelta(days=1)
    make_exam(
        ground,
        ExamSpec(
            title=f"{day.year}年度行政执法人员公共法律知识考试",
            opens_at=city_time(day, OPENS),
            closes_at=city_time(day + timedelta(days=2), CLOSES),
            minutes=60,
            sections=_sections(YEARLY),
            pass_mark=Decimal(60),
            draw="per_form",
            forms=2,
            shuffle_items=True,
            shuffle_options=True,
            credit_hours=Decimal(4),
            seed=f"{ground.seed}-yearly",
            units=(CENTRAL_DISTRICT, OTHER_UNIT),
        ),
        at=city_time(today - timedelta(days=1), 10),
    )


def _sit_test(ground: Ground, exam_id: int, opened: date) -> None:
    random = ground.chance("test")
    abilities = {spec.username: spec.ability for spec in ground.story.practice}
    here = [
        person.username
        for person in ground.story.people
        if person.unit_code in (SHOW_UNIT, OTHER_UNIT)
        and person.category == "officer"
        and person.username not in ALWAYS_ENTERED
    ]
    sittings = []
    for username in sorted(random.sample(here, round(len(here) * 0.6))):
        started_at = city_time(opened + timedelta(days=random.randrange(10)), OPENS, random.randrange(1, 480))
        ability = abilities.get(username, 0.65)
        sittings.append(Sitting(username, ability, started_at, seconds_taken(random, 20)))
    mark(ground, sit(ground, exam_id, sittings), city_time(ground.story.today, 0))
