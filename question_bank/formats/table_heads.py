"""What the columns of a foreign table are for, from the words at their head.

Width, spaces, stars and notes in brackets do not count: 正确答案(只能输入ABCD) is 正确答案. Heads that are not known
are left alone and told by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from question_bank.formats.kind_words import kind_of

SYNONYMS = {
    "number": "序号 题号 编号 题目序号 试题编号 题目编号 试题序号 试题号 no id questionid index",
    "kind": (
        "题型 类型 题目类型 试题类型 题目题型 试题题型 问题类型 题型名称 题类 题目种类 试题种类 题目题类 "
        "type questiontype qtype 题目类别 试题类别"
    ),
    "stem": (
        "题干 题目 试题 试题内容 题目内容 问题 问题描述 问题内容 题目描述 试题题干 题目名称 试题名称 "
        "题目题干 题干内容 试题描述 题面 题目正文 题干描述 考题 题文 题目标题 question stem title content "
        "questioncontent questiontitle questiontext topicname"
    ),
    "options": (
        "选项 选项内容 备选答案 备选项 候选项 候选答案 选项列表 试题选项 题目选项 答案选项 全部选项 "
        "可选项 选择项 options optioncontent choices option"
    ),
    "answer": (
        "答案 正确答案 标准答案 参考答案 试题答案 题目答案 正确选项 标答 答案内容 正解 正确答案选项 "
        "正确的答案 answer key correctanswer correctoption rightanswer questionanswer rightchoice correct"
    ),
    "explanation": (
        "解析 答案解析 试题解析 题目解析 整体解析 详解 解释 说明 分析 解析说明 试题分析 题解 答案说明 "
        "答案详解 解析内容 explanation analysis questionexplain explain"
    ),
    "right": "是否正确项 是否正确 是否正确答案 是否答案 是否为答案 iscorrect isright",
    "option_note": "选项解析 选项说明",
    "difficulty": "难度 题目难度 试题难度 难易度 难度等级 难易程度 难度级别 难度系数 difficulty",
    "level": "认知层次 认知水平 能力层次 认知层级 考核层次 能力要求",
    "topic": (
        "知识点 所属知识点 知识点名称 主题 章节 所属章节 考点 分类 所属分类 题目分类 试题分类 所属题库 "
        "题库 题库名称 科目 知识类 知识关键点 所属科目 模块 板块 专业 所属范围 topic category subject "
        "知识分类 归类"
    ),
    "fields": "执法领域 领域 适用领域 行业领域",
    "basis": "法律依据 依据 出题依据 法规依据 法条依据 法律法规依据",
    "source": "出处 来源 来源题库 题目来源 试题来源 页码 教材页码 依据出处 题目出处 试题出处",
    "tags": "标签 关键词 关键字 tags tag",
    "points": "分值 分数 题目分值 试题分值 得分 score 分 points",
    "picture": "图片 题目图片 题干图片 试题图片 题目视频 题干视频 音频 视频 附件 选项图片",
}
ROLES = {word: role for role, words in SYNONYMS.items() for word in words.split()}
SEVERAL = ("explanation", "topic", "source", "tags", "picture")
PLACES = {numeral: chr(ord("A") + at) for at, numeral in enumerate("一二三四五六七八九")}
PLACES |= {str(at + 1): chr(ord("A") + at) for at in range(10)}
PLACE = "([a-j]|10|[1-9]|[一二三四五六七八九])"
OPTION = re.compile(
    f"(?:备选|候选)?(?:选项|选择|选择项|备选项|备选答案|答案选项|option|choice|opt|选项答案|选项内容)(?:内容)?{PLACE}"
    "(?:内容|文本|描述|答案)?"
)
LETTER_FIRST = re.compile("([a-j])(?:选项|选择|项|选项内容|备选项)?(?:内容)?")
BARE = re.compile(f"(?:答案|answer){PLACE}")
FLAG = re.compile(
    f"(?:选项|答案)?{PLACE}(?:选项)?(?:是否正确|是否为正确答案|是否正确答案|是否答案|对错|正确与否)|iscorrect{PLACE}|isright{PLACE}"
)
NOTE = re.compile(f"(?:选项|答案){PLACE}(?:的)?(?:解析|说明|分析)")
# D项目 after C项 is the next option, whatever the head calls it.
NEXT_OPTION = re.compile("([a-j])[\u4e00-\u9fff]{1,4}")
STEM_ELSE = "描述"
PICTURE = re.compile(
    f"(?:选项|答案){PLACE}(?:的)?(?:图片|视频|音频|附件)|(?:题目|题干|试题)?(?:图片|视频|音频|附件)(?:名称|名|地址|路径|链接)?[0-9]{{0,2}}"
)
BRACKETED = re.compile(r"[(\[{【<《][^()\[\]{}【】<>《》]*[)\]}】>》]?")
CODE_NOTE = re.compile(r"([0-9]{1,6})\s*[-=:：、.\s]?\s*(?:代表|表示|为|是)?\s*([\u4e00-\u9fff]{2,6})")
LONGEST_HEAD = 60


@dataclass(slots=True)
class Head:
    """The columns of a table by what they are for; numbers count from 0. ``words`` is the head as it stands.

    ``codes`` are meanings of numbers that the head of the kind tells itself, as in 题型（0单选，1判断）.
    """

    words: tuple[str, ...]
    roles: dict[str, int] = field(default_factory=dict)
    more: dict[str, list[int]] = field(default_factory=dict)
    options: dict[str, int] = field(default_factory=dict)
    flags: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    blanks: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def one_row_an_option(self) -> bool:
        """Whether each option has a row of its own, with a mark beside it whether it is right."""
        return "right" in self.roles and "options" in self.roles and not self.options

    def columns(self, role: str) -> list[int]:
        """Return every column of a role, in order."""
        return ([self.roles[role]] if role in self.roles else []) + self.more.get(role, [])


@lru_cache(maxsize=4096)
def plain_head(words: str) -> str:
    """Return a head for looking up."""
    if len(words) > LONGEST_HEAD:
        return ""
    bare = unicodedata.normalize("NFKC", words).casefold()
    without = BRACKETED.sub("", bare).strip() or bare.strip("()[]{}【】<>《》 ")
    return re.sub(r"[\s*_\-:：、,，。.!！必填选填]+$|[\s*_\-:：'\"]+", "", without)


def read_head(cells: Sequence[str]) -> Head | None:
    """Return what the columns are for where a row is the head of a table of questions, None where it is none."""
    if not sum(bool(cell.strip()) for cell in cells) >= 2:
        return None
    plain = [plain_head(cell) for cell in cells]
    if not any(ROLES.get(word) == "stem" for word in plain):
        if STEM_ELSE not in plain:
            return None
        plain[plain.index(STEM_ELSE)] = "题干"
    head = Head(tuple(cells))
    bare: list[tuple[str, int]] = []
    for number, word in enumerate(plain):
        _place(head, number, word, bare)
    _take_next_options(head, plain)
    _take_numbered_blanks(head, plain)
    # 答案A beside 正确答案 is an option; 答案1, 答案2 by themselves are the blanks of a fill-in.
    if bare and "answer" in head.roles and not head.options:
        head.options = dict(bare)
    elif bare and "answer" not in head.roles and not head.blanks:
        head.blanks = [number for _, number in bare]
    else:
        head.unknown += [number for _, number in bare]
    known = len(head.roles) + len(head.options) + len(head.flags) + len(head.blanks)
    answered = "answer" in head.roles or "right" in head.roles or head.flags or head.blanks
    filled = sum(bool(cell.strip()) for cell in cells)
    if not answered and len(head.options) < 2:
        return None
    # A stem, a key and options are a head, whatever else stands beside them.
    surely = "answer" in head.roles and len(head.options) >= 2
    if known < 2 or (2 * len(head.unknown) > filled + 1 and not surely):
        return None
    if "kind" in head.roles:
        told = unicodedata.normalize("NFKC", cells[head.roles["kind"]])
        head.codes = {code: kind for code, word in CODE_NOTE.findall(told) if (kind := kind_of(word))}
    return head


def _place(head: Head, number: int, word: str, bare: list[tuple[str, int]]) -> None:
    if not word:
        return
    role = ROLES.get(word)
    if role is not None:
        if role not in head.roles:
            head.roles[role] = number
        elif role in SEVERAL:
            head.more.setdefault(role, []).append(number)
        else:
            head.unknown.append(number)
        return
    for pattern, target in (
        (FLAG, head.flags),
        (NOTE, head.notes),
        (OPTION, head.options),
        (LETTER_FIRST, head.options),
    ):
        match = pattern.fullmatch(word)
        if match:
            target.setdefault(_letter(next(one for one in match.groups() if one)), number)
            return
    match = BARE.fullmatch(word)
    if match:
        bare.append((_letter(match[1]), number))
    elif PICTURE.fullmatch(word):
        head.more.setdefault("picture", []).append(number)
    else:
        head.unknown.append(number)


def _take_next_options(head: Head, plain: Sequence[str]) -> None:
    """Take columns that go on with the options to their left under a name of their own."""
    for number in list(head.unknown):
        match = NEXT_OPTION.fullmatch(plain[number])
        if match is None:
            continue
        letter = match[1].upper()
        if head.options.get(chr(ord(letter) - 1)) == number - 1 and letter not in head.options:
            head.options[letter] = number
            head.unknown.remove(number)


def _take_numbered_blanks(head: Head, plain: Sequence[str]) -> None:
    """Take columns named 1, 2, 3 … of a table without keys and options: the answers of a fill-in, blank by blank."""
    if "answer" in head.roles or head.options or head.flags:
        return
    numbered = [number for number in head.unknown if plain[number].isdecimal()]
    if len(numbered) >= 2 and [plain[number] for number in numbered] == [str(at + 1) for at in range(len(numbered))]:
        head.blanks = numbered
        head.unknown = [number for number in head.unknown if number not in numbered]


def _letter(place: str) -> str:
    return PLACES.get(place, place.upper())
