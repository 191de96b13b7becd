"""The columns of our own table of questions and the words in its cells, for writer and reader alike.

A cell that holds several things has one a line; what belongs together on a line is parted by ``|``. A line feed, ``|``
or ``\\`` inside a text is written ``\\n``, ``\\|`` and ``\\\\``, so that every text comes back to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from question_bank import text
from question_bank.fields import MAX_OPTIONS, OPEN, RESERVED
from question_bank.formats.labels import place_of
from question_bank.item import LegalBasis
from question_bank.topics import taxonomy

SHEET, EXAMPLES, HELP, LISTS = "题目", "示例", "填写说明", "_清单"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FEWEST_OPTION_COLUMNS = 6
OPTION_HEAD = re.compile("选项([A-Z])")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the head of it, how wide it is in characters, what to enter, and the list it offers."""

    name: str
    head: str
    width: int
    told: str
    offers: str = ""


COLUMNS = (
    Column("id", "编号", 16, "可以不填。填了的，再次导入时按编号认出同一道题。"),
    Column("group", "案例组", 8, "案例分析题专用：案例一行、它的各小题每题一行，这些行填同一个数字。"),
    Column("kind", "题型", 14, "必填，从列表中选。", "kinds"),
    Column("wing", "板块", 12, "从列表中选；不填的，导入时统一选定。", "wings"),
    Column("topic", "主题", 22, "从列表中选；不填的，导入时统一选定。", "topics"),
    Column("fields", "执法领域", 16, "从列表中选，多个用顿号分开；不限领域的填“通用”。", "fields"),
    Column("difficulty", "难度", 6, "1（最易）至5（最难）。", "difficulties"),
    Column("level", "认知层次", 10, "记忆、理解、应用、案例。", "levels"),
    Column("stem", "题干", 50, "必填。填空题的每个空写四个下划线 ____。"),
    Column("answer", "答案", 18, "选择题填字母，如 B、ACD；判断题填 正确 或 错误；填空题每空一行，都算对的用 | 分开；"
           "排序题按先后填字母；连线题如 1C 2B 3A；找错题填错误处的序号，如 3 4；简答题填参考答案。"),
    Column("explanation", "解析", 40, "可以不填。"),
    Column("basis", "法律依据", 36, "每条一行，如：《行政处罚法》（2021-01-22）第六十四条第一款第一项。"),
    Column("notes", "选项说明", 30, "可以不填。每个选项一行，如：A|为什么对或错。"),
    Column("material", "材料", 40, "连线题的左列，每项一行：内容|说明；找错题的文书，每句一行：序号|内容|说明，"
           "不作答的部分序号留空；案例的文书，每份一行：标题|内容。"),
    Column("rubric", "评分要点", 36, "简答题必填。每个要点一行：分量|要点|给评卷人的提示。"),
    Column("weight", "权重", 6, "案例的小题占案例总分的份数，不填为1。"),
    Column("tolerance", "允差", 10, "填空题的数值允许的误差，每空一个，用 | 分开，没有的填 -。"),
    Column("settings", "其他设置", 20, "任意顺序：是；可重复选：是；字数：500。多项用分号隔开。"),
    Column("pool", "使用范围", 10, "公开（可供学习）或保留（只用于考试），不填为公开。", "pools"),
    Column("variant_group", "变式组", 14, "同一组的题问法不同、内容相同，不会同卷。小写英文。"),
    Column("enemies", "互斥题", 18, "不能同卷的题的编号，每行一个。"),
    Column("tags", "标签", 16, "每行一个。"),
    Column("source", "来源", 18, "可以不填。"),
    Column("format", "文本格式", 10, "不填为普通文本；有排版的填 Markdown。", "formats"),
    Column("media", "媒体", 24, "由系统导出时填写，请勿改动。"),
)  # fmt: skip
NAMES = {column.head: column.name for column in COLUMNS}
OPTIONS_AFTER = "stem"

KINDS = {
    "single_choice": "单选题",
    "multiple_choice": "多选题",
    "indefinite": "不定项选择题",
    "true_false": "判断题",
    "fill_blank": "填空题",
    "ordering": "排序题",
    "matching": "连线题",
    "error_finding": "找错题",
    "short_answer": "简答题",
    "case_study": "案例分析题",
}
LEVELS = {"recall": "记忆", "understand": "理解", "apply": "应用", "case": "案例"}
POOLS = {OPEN: "公开", RESERVED: "保留"}
FORMATS = {"plain": "普通文本", "markdown": "Markdown"}
YES, NO = "是", "否"
FLAGS = {"any_order": "任意顺序", "reuse": "可重复选", "indefinite": "不定项"}
LENGTH = "字数"
NOTHING = "-"

NUMERAL = "[0-9零〇一二三四五六七八九十百千]+"
BASIS = re.compile(
    f"《(.+)》（(\\d{{4}}-\\d\\d-\\d\\d)）第({NUMERAL})条(?:之({NUMERAL}))?(?:第({NUMERAL})款)?(?:第({NUMERAL})项)?。?"
)


@cache
def wings() -> Mapping[str, str]:
    """Return the names of the wings by slug."""
    return {wing.slug: wing.zh for wing in taxonomy().wings}


@cache
def topics() -> Mapping[str, str]:
    """Return the names of the topics by slug."""
    return {topic.slug: topic.zh for topic in taxonomy().topics}


@cache
def fields() -> Mapping[str, str]:
    """Return the names of the enforcement fields by slug."""
    return {field.slug: field.zh for field in taxonomy().fields}


def lists() -> dict[str, list[str]]:
    """Return what the columns offer, by the name of the list."""
    return {
        "kinds": list(KINDS.values()),
        "wings": list(wings().values()),
        "topics": list(topics().values()),
        "fields": list(fields().values()),
        "difficulties": ["1", "2", "3", "4", "5"],
        "levels": list(LEVELS.values()),
        "pools": list(POOLS.values()),
        "formats": list(FORMATS.values()),
    }


def heads(option_columns: int) -> list[tuple[str, str]]:
    """Return name and head of every column in order; options are named by their letters."""
    found: list[tuple[str, str]] = []
    for column in COLUMNS:
        found.append((column.name, column.head))
        if column.name == OPTIONS_AFTER:
            found += [(letter, f"选项{letter}") for letter in LETTERS[: min(option_columns, MAX_OPTIONS)]]
    return found


def written(entries: Iterable[Sequence[str]]) -> str:
    """Return entries as lines of a cell."""
    return "\n".join("|".join(_escaped(part) for part in entry) for entry in entries)


def told(cell: str) -> list[list[str]]:
    """Return the entries of a cell, the inverse of ``written``. An empty cell has none."""
    if not cell:
        return []
    return [_parts(line) for line in cell.replace("\r\n", "\n").split("\n")]


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("\n", "\\n").replace("|", "\\|")


def _parts(line: str) -> list[str]:
    parts, now, escaped = [], "", False
    for sign in line:
        if escaped:
            now += "\n" if sign == "n" else sign
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign == "|":
            parts.append(now)
            now = ""
        else:
            now += sign
    return [*parts, now + ("\\" if escaped else "")]


def basis_written(basis: Iterable[LegalBasis]) -> str:
    """Return places in laws as lines."""
    return written([[f"《{one.law}》（{one.version}）{place_of(one)}"] for one in basis])


def basis_told(line: str) -> dict[str, Any] | None:
    """Return the place in a law that a line names in full, None where it does not."""
    match = BASIS.fullmatch(line.strip())
    if match is None:
        return None
    try:
        numbers = [None if one is None else _number(one) for one in match.groups()[2:]]
    except ValueError:
        return None
    article = str(numbers[0]) + (f"-{numbers[1]}" if numbers[1] is not None else "")
    return {"law": match[1], "version": match[2], "article": article, "paragraph": numbers[2], "item": numbers[3]}


def _number(words: str) -> int:
    return int(words) if words.isascii() else text.number(words)


def named(value: str, names: Mapping[str, str]) -> str:
    """Return the name of a value; one that has none stands for itself."""
    return names.get(value, value)


def meant(word: str, names: Mapping[str, str]) -> str:
    """Return the value that a name means; an unknown one is taken for a value itself."""
    plain = _plain(word)
    return next((value for value, name in names.items() if _plain(name) == plain), word.strip())


@lru_cache(maxsize=4096)
def _plain(word: str) -> str:
    return text.normal(word)
