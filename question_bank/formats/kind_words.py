"""What Chinese question banks call the kinds of questions, right and wrong, easy and hard."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Two that are no kinds: in ``CHOICE`` the key says whether one or several are right, ``INDEFINITE`` is 不定项.
CHOICE, INDEFINITE = "choice", "indefinite"
WORDS = {
    "single_choice": ("单选", "单项选择", "单项", "单选择", "单选项", "single", "singlechoice", "radio", "a1", "a2"),
    "multiple_choice": ("多选", "多项选择", "多项", "多选择", "多选项", "multiple", "multi", "checkbox"),
    INDEFINITE: ("不定项", "不定项选择", "不定向选择", "任选", "任意选择"),
    CHOICE: ("选择", "客观"),
    "true_false": ("判断", "是非", "对错", "正误", "判断正误", "判断对错", "正误判断", "是非判断",
                   "judge", "judgment", "judgement", "truefalse", "tf", "trueorfalse", "bool"),
    "fill_blank": ("填空", "fill", "blank", "fillblank", "fillin", "fillintheblank"),
    "short_answer": ("简答", "问答", "论述", "名词解释", "简述", "主观", "分析", "论述分析", "计算", "应用",
                     "essay", "short", "shortanswer", "subjective", "qa"),
    "case_study": ("案例分析", "案例", "案例简答", "情景", "综合分析"),
    "ordering": ("排序", "ordering", "order"),
    "matching": ("连线", "配对", "匹配", "matching"),
    "error_finding": ("找错", "纠错", "改错"),
    "material": ("材料", "材料分析", "组合", "阅读理解", "复合", "共用题干", "套题"),
}  # fmt: skip
BY_WORD = {word: kind for kind, words in WORDS.items() for word in words}
# What numbers mean in the systems that export them; 4 is a fill-in in some and a short answer in others.
CODES = {
    "1": "single_choice",
    "2": "multiple_choice",
    "3": "true_false",
    "001001": "single_choice",
    "001002": "multiple_choice",
    "001003": "true_false",
}
TRUE = ("对", "正确", "√", "✓", "✔", "☑", "是", "真", "t", "true", "y", "yes", "right", "r", "v", "勾", "对的", "同意")
FALSE = ("错", "错误", "×", "✗", "✘", "✕", "☒", "否", "假", "f", "false", "n", "no", "wrong", "w", "x", "╳", "叉",
         "错的", "不对", "不正确", "不同意", "非")  # fmt: skip
DIFFICULTIES = {
    1: ("很易", "很容易", "非常简单", "非常容易", "极易"),
    2: ("易", "容易", "简单", "较易", "较容易", "低", "初级", "easy", "simple", "基础"),
    3: ("中", "中等", "一般", "普通", "适中", "中级", "medium", "normal"),
    4: ("难", "困难", "较难", "高", "高级", "hard", "difficult"),
    5: ("很难", "非常难", "极难", "非常困难", "特难"),
}
LEVELS = {
    "recall": ("记忆", "识记", "了解", "知道", "recall"),
    "understand": ("理解", "掌握", "领会", "熟悉", "understand"),
    "apply": ("应用", "运用", "熟练掌握", "apply"),
    "case": ("案例", "综合", "分析", "case"),
}
NUMERALS = "一二三四五六七八九十"
SECTION = re.compile(
    f"(?:(?:第[{NUMERALS}0-9]+(?:部分|大题|题|章|节))|(?:[（(]?[{NUMERALS}]{{1,3}}[)）]?))?[、.．:：\\s]*"
    "(?P<name>[^\\s（(：:，,。、]{2,12}?题?)"
    "(?P<rest>\\s*(?:[（(【\\[：:，,。、共本每].*)?)"
)


def plain_word(words: str) -> str:
    """Return a word for looking up: half width, lower case, without spaces and signs round it."""
    bare = unicodedata.normalize("NFKC", words).casefold()
    return re.sub(r"[\s_\-\[\](){}【】《》<>*:：.。、,，;；\"'“”]+", "", bare)


@lru_cache(maxsize=512)
def kind_of(words: str) -> str | None:
    """Return the kind that a word means, ``CHOICE`` and ``INDEFINITE`` among them; None where it is no such word."""
    word = plain_word(words)
    for end in ("试题", "题目", "题型", "题", "question", "questions", "类"):
        if word.endswith(end) and len(word) > len(end):
            word = word.removesuffix(end)
            break
    return BY_WORD.get(word)


@lru_cache(maxsize=2048)
def kind_of_heading(words: str) -> str | None:
    """Return the kind that a heading names, such as 一、单项选择题（每题1分，共20分）; None where it names none."""
    line = words.strip()
    if not 2 <= len(line) <= 120:
        return None
    match = SECTION.fullmatch(line)
    if match is None:
        return None
    # A heading of one word says 题; without it only the bare word is one, or a sentence would be.
    name = match["name"]
    if not name.endswith("题") and (match["rest"].strip() or len(name) > 6):
        return None
    return kind_of(name)


def truth_word(words: str) -> bool | None:
    """Return what a word for right or wrong means, None where it is neither."""
    word = unicodedata.normalize("NFKC", words).strip().strip("。.()（）[]【】 ").casefold()
    word = word.replace("说法", "").replace("答案", "")
    if word in TRUE:
        return True
    return False if word in FALSE else None


def difficulty_of(words: str) -> tuple[int, bool] | None:
    """Return the difficulty 1 to 5 that a cell means and whether by a word; None where it is not understood."""
    word = plain_word(words)
    if word in ("1", "2", "3", "4", "5"):
        return int(word), False
    word = word.removesuffix("级").removesuffix("度") if len(word) > 1 else word
    return next(((value, True) for value, names in DIFFICULTIES.items() if word in names), None)


def level_of(words: str) -> str | None:
    """Return the level that a word means, None where it is not understood."""
    word = plain_word(words)
    return next((level for level, names in LEVELS.items() if word in names), None)
