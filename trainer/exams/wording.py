"""What parallel forms have in common, what would mend a lack, what a search found, and what a resit is called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from question_bank.topics import taxonomy
from trainer.bank.forms import LEVEL_NAMES, filed_name
from trainer.bank.queries import row_of
from trainer.papers.rules.apart import Sharing
from trainer.papers.rules.blueprint import SectionSpec
from trainer.papers.rules.drawing import Lack
from trainer.web.locale import number

TITLE_MOST = 120


def narrowing(section: SectionSpec) -> str:
    """Return what a section draws from, where that is not the whole open pool of its kind; empty for nothing."""
    known = taxonomy()
    topics = {one.slug: one for wing in known.wings for one in wing.topics}
    named = [filed_name(one) for one in known.wings if one.slug == section.wing]
    named += [filed_name(topics.get(slug)) or slug for slug in section.topics]
    named += [filed_name(one) for one in known.fields if one.slug in section.fields]
    named += section.laws
    if section.difficulty:
        named.append(_("难度 %(levels)s", levels=_("、").join(map(str, section.difficulty))))
    named += [str(LEVEL_NAMES[level]) for level in section.levels]
    named += [
        _("难度 %(level)s：%(n)s 题", level=value, n=count)
        if value.isdigit()
        else _("%(name)s：%(n)s 题", name=LEVEL_NAMES[value], n=count)
        for value, count in section.mix
    ]
    if section.item_ids:
        named.append(_("指定 %(n)s 题", n=len(section.item_ids)))
    if section.pool == "reserved":
        named.append(_("保留题库"))
    return _("；").join(named)


def shortage_texts(sharing: Sequence[Sharing], sections: Sequence[SectionSpec]) -> list[str]:
    """Return for each section in which forms that are still to be drawn will share items how many and why."""
    return [
        _(
            "%(forms)s 套试卷要共用 %(shared)s 题：“%(title)s”能分到 %(found)s 题，"
            "%(forms)s 套不重题需要 %(needed)s 题。",
            **_facts(one, sections),
        )
        for one in sharing
        if one.shared
    ]


def resit_title(title: str, taken: Collection[str]) -> str:
    """Return what a resit of the exam ``title`` is called: the first name that is not ``taken``."""
    for time in range(1, len(taken) + 2):
        shown = _("（补考）") if time == 1 else _("（第 %(n)s 次补考）", n=time)
        made = title[: TITLE_MOST - len(shown)] + shown
        if made not in taken:
            break
    return made


def named_text(one: Sharing) -> str:
    """Return that named items stand in all forms, empty where none is named."""
    return _("指定的 %(n)s 题各套都有", n=one.named) if one.named else ""


def common_texts(sharing: Sequence[Sharing], sections: Sequence[SectionSpec]) -> list[str]:
    """Return what forms that are drawn have in common: nothing, or how many items of which section, and named ones."""
    told = [
        _(
            "%(forms)s 套试卷共用 %(shared)s 题：“%(title)s”用了 %(found)s 道不同的题，"
            "%(forms)s 套不重题需要 %(needed)s 道。",
            **_facts(one, sections),
        )
        for one in sharing
        if one.shared
    ]
    named = [
        _("按组卷规则，“%(title)s”指定的 %(named)s 题各套都有。", **_facts(one, sections))
        for one in sharing
        if one.named
    ]
    if told:
        return told + named
    return [_("除指定的题外，各套试卷没有共用的题。") if named else _("各套试卷没有共用的题。"), *named]


def _facts(one: Sharing, sections: Sequence[SectionSpec]) -> dict[str, Any]:
    return asdict(one) | {"title": sections[one.section - 1].title}


def line_name(value: str) -> str:
    """Return the name of a line of the mix, a difficulty ("1" to "5") or a level."""
    return _("难度 %(level)s", level=value) if value.isdigit() else str(LEVEL_NAMES[value])


def unusable_texts(lacks: Sequence[Lack]) -> list[str]:
    """Return why named items cannot stand in a section, by their codes; an empty list where all can."""
    told = []
    for lack in lacks:
        if lack.unknown:
            told.append(_("指定的试题不可用：%(items)s", items=_codes(lack.unknown)))
        if lack.rivals:
            told.append(_("指定的试题不能同卷：%(items)s", items=_codes(lack.rivals)))
        if lack.surplus:
            told.append(_("指定的试题超出分配的题数：%(items)s", items=_codes(lack.surplus)))
    return told


def _codes(codes: Sequence[str]) -> str:
    shown = _("、").join(codes[:CODES_MOST])
    return shown if len(codes) <= CODES_MOST else _("%(items)s等 %(n)s 道", items=shown, n=len(codes))


# A line of the list of items that a search finds shows so much of the stem.
STEM_MOST = 60
# A sentence names so many items.
CODES_MOST = 5


def found_item(row: Any) -> dict[str, str]:
    """Return an item that a search found for the page: its code, the first words of its stem, and what it is about."""
    one = row_of(row)
    facts = [line_name(str(one.difficulty)), filed_name(taxonomy().find_topic(one.topic)) or one.topic]
    if row.pool != "open":
        facts.append(_("保留题库"))
    stem = one.stem if len(one.stem) <= STEM_MOST else f"{one.stem[:STEM_MOST].rstrip()}…"
    return {"code": one.code, "stem": stem, "facts": " · ".join(facts)}


def found_text(total: int, most: int) -> str:
    """Return how many items a search found, of which ``most`` are shown."""
    if not total:
        return _("没有找到可以指定的试题：只找这个题型中截止之前都能抽用的题，可以换一个词。")
    if total > most:
        return _("找到 %(n)s 道，只列出前 %(most)s 道，可以再加一个词。", n=number(total), most=most)
    return _("找到 %(n)s 道", n=number(total))


MENDS: dict[str, Any] = {
    "looser_mix": _l("不按难度或层次分配"),
    "looser_difficulty_mix": _l("不按难度分配，只按认知层次分配"),
    "looser_level_mix": _l("不按认知层次分配，只按难度分配"),
    "looser_difficulty": _l("不限难度"),
    "looser_levels": _l("不限认知层次"),
    "looser_topics": _l("不限专题"),
    "looser_laws": _l("不限依据的法律"),
    "looser_fields": _l("不限执法领域"),
    "looser_wing": _l("不限板块"),
    "other_pool": _l("换用另一个题库范围"),
    "exposure": _l("提高或取消曝光上限"),
    "avoidance": _l("缩短或取消避开近期见过的天数"),
}


def mend_text(code: str, count: int) -> str:
    """Return what would mend a lack; each is enough by itself."""
    if code == "fewer":
        return _("题数改为 %(n)s", n=count)
    if code.startswith("fewer_"):
        return _("%(name)s 的题数改为 %(n)s", name=line_name(code.removeprefix("fewer_")), n=count)
    if code == "write":
        return _("再编写并发布 %(n)s 道符合条件的试题", n=count)
    return str(MENDS[code])
