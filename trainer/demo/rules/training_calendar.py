"""The calendar of training classes of one year, with empty rolls.

Every officer is offered twelve classes: ten for the whole city, one of the own line (条线) and one
of the own county, 84 hours in all, against the 60 a year of 粤府办〔2023〕21号. Titles, hours and
days are our invention; a day of class gives eight hours at most. The dates keep clear of the
public holidays, wherever the moon puts them, and of weekends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from trainer.demo.rules.people import PersonSpec
from trainer.demo.rules.tree import CITY, CITY_JUSTICE_BUREAU, COUNTIES, county_of


@dataclass(frozen=True, slots=True)
class TrainingClass:
    """A training class (培训班).

    ``kind`` is ``public_law``, ``field_law`` or ``enforcement_skill``. ``state`` is ``confirmed``
    when it is over, ``submitted`` when it still waits for the unit head, ``draft`` while it lies
    ahead; only a confirmed one gives hours. ``held_on`` is the first local day, ``days`` how many
    working days it runs. ``credit_hours`` are for the whole class. ``roll`` holds the usernames of
    those who attended, in the order of the people; it is empty while the class lies ahead.
    """

    code: str
    title: str
    kind: str
    organiser_unit_code: str
    held_on: date
    days: int
    credit_hours: Decimal
    topics: tuple[str, ...]
    state: str = "draft"
    roll: tuple[str, ...] = ()


# month, day, days, hours, kind, title, topics, audience: everyone, own line or own county
_Slot = tuple[int, int, int, str, str, str, tuple[str, ...], str]
SLOTS: tuple[_Slot, ...] = (
    (1, 8, 1, "8", "public_law", "全市行政执法人员公共法律知识培训班",
     ("rule_of_law_thought", "procedure_principles", "penalty_law"), "everyone"),
    (1, 15, 1, "4", "public_law", "新法速递专题讲座", ("new_law_updates",), "everyone"),
    (3, 5, 2, "16", "field_law", "业务法律知识专题培训班",
     ("power_list", "discretion_benchmarks", "normal_procedure"), "line"),
    (4, 16, 1, "6", "enforcement_skill", "证据收集与询问笔录实务培训班",
     ("evidence", "interview_record"), "everyone"),
    (5, 19, 2, "16", "enforcement_skill", "行政执法人员集中轮训班",
     ("certificate_use", "conduct_appearance", "inspection", "document_making"), "county"),
    (6, 29, 1, "4", "public_law", "行政执法“三项制度”专题培训",
     ("three_systems", "legal_review"), "everyone"),
    (7, 16, 1, "4", "enforcement_skill", "涉企行政检查规范专题讲座",
     ("enterprise_inspection", "flexible_enforcement"), "everyone"),
    (8, 13, 1, "3.5", "enforcement_skill", "“粤执法”平台办案实操培训",
     ("platform_yuezhifa", "case_filing"), "everyone"),
    (9, 3, 1, "8", "public_law", "行政强制与听证程序培训班",
     ("coercion_law", "compulsory_measures", "hearing"), "everyone"),
    (10, 22, 1, "6", "enforcement_skill", "案卷评查与文书制作培训班",
     ("case_file_review", "document_making"), "everyone"),
    (11, 12, 1, "4", "public_law", "行政复议、行政应诉案例讲评",
     ("reconsideration_law", "litigation_law"), "everyone"),
    (12, 3, 1, "4.5", "public_law", "行政执法监督与廉洁纪律专题培训",
     ("supervision_law", "integrity_discipline"), "everyone"),
)  # fmt: skip

# code, title part, organiser, main fields; every main field of a unit stands in one group
LINES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("SC", "市场监管和经济领域", "JM-SCJGJ",
     ("market", "tax_customs", "finance_audit", "statistics", "grain", "energy_science")),
    ("CG", "城市管理和住房建设领域", "JM-CSGLJ", ("urban_mgmt", "housing")),
    ("ST", "生态环境和自然资源领域", "JM-STHJJ", ("ecology", "natural_resources")),
    ("NY", "农业农村和水利领域", "JM-NYNCJ", ("agriculture", "water")),
    ("JT", "交通运输和公共安全领域", "JM-JTYSJ",
     ("transport", "emergency", "fire", "public_security")),
    ("SH", "社会事务领域", "JM-WSJKJ",
     ("health", "labour", "culture_tourism", "civil_affairs", "education", "medical_insurance")),
    ("ZJ", "镇街综合执法", CITY_JUSTICE_BUREAU, ("township",)),
)  # fmt: skip
LINE_OF_FIELD = {field: code for code, _, _, fields in LINES for field in fields}


def plan_classes(year: int) -> tuple[TrainingClass, ...]:
    """Return the classes of a year with empty rolls, by date and then by code."""
    planned: list[TrainingClass] = []
    for number, slot in enumerate(SLOTS, start=1):
        planned.extend(_classes_of(year, number, slot))
    return tuple(sorted(planned, key=lambda each: (each.held_on, each.code)))


def last_class_day(each: TrainingClass) -> date:
    """Return the last local day of a class; its days never span a weekend."""
    return each.held_on + timedelta(days=each.days - 1)


Audience = tuple[str, str]


def audience_of(person: PersonSpec) -> Audience:
    """Return line and county whose classes the person may attend besides those for everyone."""
    county = county_of(person.unit_code) or CITY
    return LINE_OF_FIELD[person.fields[0]], county.removeprefix(f"{CITY}-")


def offers_by_audience(over: Sequence[TrainingClass]) -> dict[Audience, list[TrainingClass]]:
    """Return for every audience the classes open to it, in the given order."""
    counties = [CITY, *(county for county, _, _ in COUNTIES)]
    offers = {}
    for line, _, _, _ in LINES:
        for county in counties:
            own = (f"-{line}", f"-{county}")
            offers[line, county] = [each for each in over if _is_for_everyone(each) or each.code.endswith(own)]
    return offers


def _is_for_everyone(each: TrainingClass) -> bool:
    # Codes of line and county classes carry a second hyphen with the name of their audience.
    return each.code.count("-") == 1


def _classes_of(year: int, number: int, slot: _Slot) -> Iterator[TrainingClass]:
    month, day, days, hours, kind, title, topics, audience = slot
    held_on = _on_working_days(date(year, month, day), days)
    code = f"PX{year}-{number:02d}"

    def made(suffix: str, full_title: str, organiser: str) -> TrainingClass:
        return TrainingClass(code + suffix, full_title, kind, organiser, held_on, days, Decimal(hours), topics)

    if audience == "everyone":
        yield made("", title, CITY_JUSTICE_BUREAU)
    elif audience == "line":
        for line, part, organiser, _ in LINES:
            yield made(f"-{line}", f"{part}{title}", organiser)
    else:
        yield made(f"-{CITY}", f"市直部门{title}", CITY_JUSTICE_BUREAU)
        for county, name, _ in COUNTIES:
            yield made(f"-{county}", f"{name}{title}", f"{CITY}-{county}-SFJ")


def _on_working_days(day: date, days: int) -> date:
    # Forward to the first day from which all days fall between Monday and Friday of one week.
    while day.weekday() + days > 5:
        day += timedelta(days=1)
    return day
