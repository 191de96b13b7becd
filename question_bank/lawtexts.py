"""Texts of laws from files: JSON, Markdown and Word become one plain value, with a report of what is not clear.

**JSON** is one object ``{"title", "short_title", "version_date", "status_note", "articles": [{"number", "label",
"chapter", "text"}]}``, ``text`` with one line a paragraph (款) or item (项). **Markdown** has ``# title``, lines of
history such as ``2023年9月1日 … 修订``, ``## 第一章 总则`` and paragraphs that begin with 第一条; comments, with which
public collections end the history, are left out. **Word** (.docx) is read as the national database hands it out:
title, history in brackets, contents, chapters, articles.

Nothing is guessed. What is unclear becomes a ``Problem``; one that ``stops`` means that there is no text to use: a
number missing in the row of articles, no day of adoption, two different ones. The others are for a look.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from question_bank import laws, text
from question_bank.word import WordRefused, paragraphs

MEGABYTE = 1024 * 1024
MOST_BYTES = 10 * MEGABYTE
MOST_ARTICLES = 3000
LONGEST_ARTICLE = 40_000
LONGEST_TITLE = 200
LONGEST_SHORT_TITLE = 80
LONGEST_CHAPTER = 200
PUBLISHED_WITHIN = timedelta(days=366)

SUFFIXES = (".json", ".md", ".docx")

_NUMERALS = "零〇一二三四五六七八九十百千0-9０-９"
ARTICLE = re.compile(f"第([{_NUMERALS}]+)条(?:之([{_NUMERALS}]+))?(?=[\\s　]|$)")
RUN_ON = re.compile(f"第([{_NUMERALS}]+)条(?:之([{_NUMERALS}]+))?(?![\\s　])")
PART = re.compile(f"第[{_NUMERALS}]+(编|分编|章|节)(?=[\\s　]|$)")
DEPTH = {"编": 0, "分编": 1, "章": 2, "节": 3}
DAY = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
ADOPTED = re.compile("通过|修订|修正|修改|公布|发布|颁布|批准")
TAKES_FORCE = re.compile(r"\s*起?\s*(?:施行|实施|生效)")
DAY_IN_NAME = re.compile(r"[(（_](\d{4})-?(\d{2})-?(\d{2})[)）]?(?=\.[^.]+$)")
COMMENT = re.compile(r"<!--.*?-->")
MARKUP = re.compile(r"</?[A-Za-z][^>]*>")
ANNEX = re.compile(r"附[件表录图]?\s*[0-9一二三四五六七八九十]*\s*(?:[:：]|$)|附[件表录]")
CONTENTS = re.compile(r"目\s*[录次]$")
HALF_WIDTH = {":": "：", ";": "；", ",": "，", "(": "（", ")": "）"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is not clear in a file. ``line`` counts from 1 (in Word its paragraphs), 0 means the file as a whole."""

    code: str
    line: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    stops: bool = True


@dataclass(frozen=True, slots=True)
class Article:
    """One article: ``number`` as questions cite it (``36``, ``120-1``), ``text`` one line a paragraph or item."""

    number: str
    label: str
    chapter: str
    text: str


@dataclass(frozen=True, slots=True)
class LawText:
    """One version of a law. ``version`` is the day of adoption or last amendment, ISO 8601.

    ``in_force_from`` is None where the text does not say since when this version holds, ``repealed_on`` the first day
    on which it holds no more, None where unknown. ``status`` is the history as the file tells it.
    """

    title: str
    short_title: str
    version: str
    articles: tuple[Article, ...]
    status: str = ""
    in_force_from: date | None = None
    repealed_on: date | None = None

    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprint of each article by its number, in the order of the text."""
        return {article.number: laws.fingerprint(article.text) for article in self.articles}


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a file: the text, None where a problem stops it, and all problems in the order of their lines."""

    law: LawText | None
    problems: tuple[Problem, ...] = ()


def read_law(content: bytes, name: str, register: laws.Register | None = None) -> Reading:
    """Return the law of a file. ``name`` is that of the file: its suffix tells the format, a day in it the version.

    ``register`` (the shipped one for None) gives the short title under which questions cite the law, and is compared
    with: an article that differs from the register's fingerprint of the same version is a problem to look at.
    """
    known = laws.register() if register is None else register
    suffix = "." + name.rpartition(".")[2].lower()
    if suffix not in SUFFIXES:
        return Reading(None, (Problem("law_format_unknown", params={"suffixes": "、".join(SUFFIXES)}),))
    if len(content) > MOST_BYTES:
        return Reading(None, (Problem("file_too_large", params={"most": MOST_BYTES // MEGABYTE}),))
    problems: list[Problem] = []
    if suffix == ".json":
        law = _from_json(content, known, problems)
    else:
        lines = _word_lines(content, problems) if suffix == ".docx" else _markdown_lines(content, problems)
        law = _assembled(lines, name, known, problems) if lines else None
    if law is not None:
        problems += _differences(law, known)
    problems.sort(key=lambda problem: (not problem.stops, problem.line))
    return Reading(None if any(problem.stops for problem in problems) else law, tuple(problems))


# --- lines of the formats -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    heading: int = 0  # 1 for a title, 2 and more for a heading below, 0 for what the format does not mark


def _word_lines(content: bytes, problems: list[Problem]) -> list[_Line]:
    try:
        found = paragraphs(content)
    except WordRefused as refusal:
        problems.append(Problem(refusal.code, params=dict(refusal.params)))
        return []
    lines = [_Line(number, tidy(line)) for number, line in enumerate(found, start=1)]
    # The title may stand in several centred lines; it ends where the history, the contents or the law begins.
    head: list[str] = []
    for line in lines:
        if line.text.startswith("（") or CONTENTS.match(line.text) or PART.match(line.text) or ARTICLE.match(line.text):
            break
        if DAY.search(line.text):
            break
        head.append(line.text)
    title = _joined("".join(head))
    return [_Line(1, title, 1), *lines[len(head) :]] if title else lines


def _markdown_lines(content: bytes, problems: list[Problem]) -> list[_Line]:
    try:
        whole = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(Problem("not_utf8"))
        return []
    lines = []
    for number, raw in enumerate(whole.splitlines(), start=1):
        line = COMMENT.sub("", raw).strip()
        mark = re.match(r"#{1,6}(?=\s)", line)
        plain = tidy(line[mark.end() if mark else 0 :].replace("**", ""))
        if not plain:
            continue
        if plain.startswith("|") or MARKUP.search(plain):
            problems.append(Problem("law_has_markup", number, stops=False))
        lines.append(_Line(number, plain, len(mark[0]) if mark else 0))
    if not lines:
        problems.append(Problem("law_empty"))
    return lines


def tidy(line: str) -> str:
    """Return a line without invisible characters, its digits half-width, its signs between Chinese full-width."""
    plain = "".join(
        char for char in line.replace("\u00a0", " ") if char == "\t" or unicodedata.category(char) not in ("Cc", "Cf")
    )
    plain = re.sub("[０-９]", lambda match: unicodedata.normalize("NFKC", match[0]), plain).strip()
    return re.sub(
        "(?<=[\u4e00-\u9fff”》）])[:;,(](?=[\u4e00-\u9fff“《（]|$)|(?<=[\u4e00-\u9fff])\\)",
        lambda match: HALF_WIDTH[match[0]],
        plain,
    )


# --- from lines to a law --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Draft:
    number: str
    label: str
    chapter: str
    line: int
    lines: list[str]


def _assembled(lines: list[_Line], name: str, known: laws.Register, problems: list[Problem]) -> LawText | None:
    title = lines[0].text if lines[0].heading == 1 else ""
    if not title:
        problems.append(Problem("law_has_no_title", lines[0].number))
    before, drafts = _split(lines[1:] if title else lines, problems)
    history = " ".join(line.text for line in before if DAY.search(line.text))
    odd = [line for line in before if not DAY.search(line.text) and not CONTENTS.match(line.text) and not line.heading]
    if odd:
        problems.append(Problem("law_preamble_left_out", odd[0].number, {"lines": len(odd)}, stops=False))
    version = _version(history, name, problems)
    return _law(title, "", version, history, drafts, known, problems)


def _split(lines: list[_Line], problems: list[Problem]) -> tuple[list[_Line], list[_Draft]]:
    """Return what stands before the first article, and the articles."""
    before: list[_Line] = []
    drafts: list[_Draft] = []
    path: dict[int, str] = {}
    expected = {"1"}
    for line in lines:
        part = PART.match(line.text)
        found = ARTICLE.match(line.text)
        if part and (line.heading or not line.text.endswith(("。", "；", "："))):
            depth = DEPTH[part[1]]
            path = {level: words for level, words in path.items() if level < depth}
            path[depth] = " ".join([part[0], _joined(line.text[part.end() :])]).strip()
        elif found:
            number = _number(found[1], found[2])
            if number not in expected:
                told = {"found": found[0], "expected": label_of(sorted(expected, key=len)[0])}
                problems.append(Problem("article_out_of_order", line.number, told))
            drafts.append(_Draft(number, found[0], " ".join(path[level] for level in sorted(path)), line.number, []))
            rest = line.text[found.end() :].strip()
            drafts[-1].lines += [rest] if rest else []
            expected = _after(number)
        elif drafts and (line.heading or ANNEX.match(line.text)) and not (line.heading and _goes_on(lines, line)):
            problems.append(Problem("law_annex_left_out", line.number, {"title": line.text[:40]}, stops=False))
            break
        elif line.heading > 1:
            # A heading without a number of its own, such as 附则.
            path = {2: _joined(line.text)}
        elif not drafts:
            before.append(line)
        else:
            run_on = RUN_ON.match(line.text)
            if run_on and _number(run_on[1], run_on[2]) in expected and not _refers(line.text[run_on.end() :]):
                problems.append(Problem("article_runs_on", line.number, {"found": run_on[0]}))
            drafts[-1].lines.append(line.text)
    return before, drafts


def _joined(words: str) -> str:
    """Return a heading without the spaces that only widen it: 总　　则 → 总则."""
    return re.sub(r"\s", "", words)


def _goes_on(lines: list[_Line], heading: _Line) -> bool:
    """Whether articles follow a heading: then it is one of the law's own."""
    return any(ARTICLE.match(line.text) for line in lines if line.number > heading.number)


def _refers(rest: str) -> bool:
    """Whether what follows an article's number makes it a reference: 第十条第二款, 第三条、第四条, 第五条规定的."""
    return rest.startswith(
        ("第", "、", "和", "至", "到", "或", "及", "与", "以", "的", "所", "规定", "中", "，", "；", "。")
    )


def _number(whole: str, inserted: str | None) -> str:
    plain = [
        text.number(unicodedata.normalize("NFKC", one)) if not one.isdigit() else int(one)
        for one in (whole, inserted)
        if one
    ]
    return "-".join(str(one) for one in plain)


def _after(number: str) -> set[str]:
    whole, _, inserted = number.partition("-")
    return {str(int(whole) + 1), f"{whole}-{int(inserted or 0) + 1}"}


def label_of(number: str) -> str:
    """Return an article's number as laws write it: 36 → 第三十六条, 120-1 → 第一百二十条之一."""
    whole, _, inserted = number.partition("-")
    return f"第{text.numeral(int(whole))}条" + (f"之{text.numeral(int(inserted))}" if inserted else "")


def article_order(number: str) -> tuple[int, int]:
    """Return by what articles sort: 2, 10, 120, 120-1."""
    whole, _, inserted = number.partition("-")
    return int(whole), int(inserted or 0)


def _version(history: str, name: str, problems: list[Problem]) -> str:
    """Return the day of the version, empty where it is not clear."""
    told: set[date] = set()
    for day, after in _days_in(history):
        if ADOPTED.search(after) and not TAKES_FORCE.match(after):
            told.add(day)
    in_name = DAY_IN_NAME.search(name)
    named = _day(*in_name.groups()) if in_name else None
    newest = max(told, default=None)
    if named is None and newest is None:
        problems.append(Problem("law_has_no_version"))
        return ""
    if named and newest and named != newest:
        days = {"named": named.isoformat(), "told": newest.isoformat()}
        # Local rules are filed under the day on which they were published, some time after their adoption.
        published = timedelta(0) < named - newest <= PUBLISHED_WITHIN
        problems.append(Problem("version_is_publication" if published else "version_disagrees", 0, days, not published))
        return days["named"] if published else ""
    return (named or newest or date.min).isoformat()


def _days_in(history: str) -> Iterator[tuple[date, str]]:
    """Yield the days of a history, each with the words behind it."""
    marks = list(DAY.finditer(history))
    for place, mark in enumerate(marks):
        end = marks[place + 1].start() if place + 1 < len(marks) else len(history)
        if day := _day(*mark.groups()):
            yield day, history[mark.end() : end]


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _law(
    title: str,
    short_title: str,
    version: str,
    status: str,
    drafts: list[_Draft],
    known: laws.Register,
    problems: list[Problem],
) -> LawText | None:
    if not drafts:
        problems.append(Problem("law_has_no_articles"))
    if len(drafts) > MOST_ARTICLES:
        problems.append(Problem("law_has_too_many_articles", params={"most": MOST_ARTICLES}))
    seen: set[str] = set()
    for draft in drafts:
        if draft.number in seen:
            problems.append(Problem("article_twice", draft.line, {"found": draft.label}))
        seen.add(draft.number)
        if not "".join(draft.lines).strip():
            problems.append(Problem("article_empty", draft.line, {"found": draft.label}))
        if sum(map(len, draft.lines)) > LONGEST_ARTICLE:
            problems.append(Problem("article_too_long", draft.line, {"found": draft.label, "most": LONGEST_ARTICLE}))
    registered = known.find(short_title) or known.find(title)
    short = registered.short_title if registered else short_title or re.sub("^中华人民共和国", "", title)
    if len(title) > LONGEST_TITLE or len(short) > LONGEST_SHORT_TITLE:
        problems.append(Problem("law_title_too_long", params={"most": LONGEST_SHORT_TITLE}))
    if any(problem.stops for problem in problems):
        return None
    articles = tuple(
        Article(draft.number, draft.label, draft.chapter[:LONGEST_CHAPTER], "\n".join(draft.lines)) for draft in drafts
    )
    data = {
        "title": title,
        "short_title": short,
        "version_date": version,
        "status_note": status,
        "articles": [{"number": article.number, "text": article.text} for article in articles],
    }
    entry = laws.law_of_text(data).versions[-1]
    in_force_from = entry.in_force_from or _stated_in(status, version)
    if in_force_from is None:
        problems.append(Problem("law_start_unknown", stops=False))
    return LawText(
        title=registered.title if registered and len(registered.title) > len(title) else title,
        short_title=short,
        version=version,
        articles=articles,
        status=status,
        in_force_from=in_force_from,
        repealed_on=entry.repealed_on,
    )


def _stated_in(status: str, version: str) -> date | None:
    """Return the day from which the history says that this version holds; a day before it is another version's."""
    days = [day for day, after in _days_in(status) if TAKES_FORCE.match(after) and day.isoformat() >= version]
    return max(days, default=None)


def _from_json(content: bytes, known: laws.Register, problems: list[Problem]) -> LawText | None:
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        problems.append(Problem("not_json"))
        return None
    wanted = {"title": str, "short_title": str, "version_date": str, "articles": list}
    if not isinstance(data, dict) or not all(isinstance(data.get(name), kind) for name, kind in wanted.items()):
        problems.append(Problem("law_json_shape", params={"names": "、".join(wanted)}))
        return None
    try:
        version = date.fromisoformat(data["version_date"]).isoformat()
    except ValueError:
        problems.append(Problem("law_has_no_version"))
        version = ""
    drafts: list[_Draft] = []
    expected = {"1"}
    for place, entry in enumerate(data["articles"], start=1):
        number = str(entry.get("number")) if isinstance(entry, dict) else ""
        if not re.fullmatch(r"[1-9][0-9]{0,4}(-[1-9][0-9]?)?", number) or not isinstance(entry.get("text"), str):
            problems.append(Problem("law_json_article", params={"place": place}))
            continue
        label = label_of(number)
        if number not in expected:
            told = {"found": label, "expected": label_of(sorted(expected, key=len)[0])}
            problems.append(Problem("article_out_of_order", params=told))
        expected = _after(number)
        lines = [line for raw in entry["text"].split("\n") if (line := tidy(raw))]
        drafts.append(_Draft(number, label, tidy(str(entry.get("chapter") or "")), 0, lines))
    title, short_title = tidy(data["title"]), tidy(data["short_title"])
    if not title or not short_title:
        problems.append(Problem("law_has_no_title"))
    return _law(title, short_title, version, str(data.get("status_note") or ""), drafts, known, problems)


def _differences(law: LawText, known: laws.Register) -> Iterator[Problem]:
    registered = known.find(law.short_title)
    entry = registered.version(law.version) if registered else None
    if entry is None:
        return
    found = law.fingerprints()
    numbers = [*entry.articles, *(number for number in found if number not in entry.articles)]
    differing = [number for number in numbers if entry.articles.get(number) != found.get(number)]
    if differing:
        told = {"count": len(differing), "articles": _listed(differing)}
        yield Problem("law_differs_from_register", params=told, stops=False)


def _listed(numbers: Iterable[str], most: int = 10) -> str:
    shown = list(numbers)
    return "、".join(label_of(number) for number in shown[:most]) + ("……" if len(shown) > most else "")


# --- a reading as JSON, for who reads files in a process of its own ------------------------------------------------


def reading_to_json(reading: Reading) -> str:
    """Return a reading as JSON; ``reading_from_json`` gives it back."""
    law = reading.law
    told = None
    if law is not None:
        told = {
            "title": law.title,
            "short_title": law.short_title,
            "version": law.version,
            "articles": [[one.number, one.label, one.chapter, one.text] for one in law.articles],
            "status": law.status,
            "in_force_from": law.in_force_from.isoformat() if law.in_force_from else None,
            "repealed_on": law.repealed_on.isoformat() if law.repealed_on else None,
        }
    problems = [[one.code, one.line, one.params, one.stops] for one in reading.problems]
    return json.dumps({"law": told, "problems": problems}, ensure_ascii=False)


def reading_from_json(told: str) -> Reading:
    """Return the reading that ``reading_to_json`` wrote."""
    data = json.loads(told)
    law = data["law"]
    if law is not None:
        articles = tuple(Article(*one) for one in law.pop("articles"))
        days = {name: date.fromisoformat(law[name]) if law[name] else None for name in ("in_force_from", "repealed_on")}
        law = LawText(**(law | days), articles=articles)
    return Reading(law, tuple(Problem(*one) for one in data["problems"]))
