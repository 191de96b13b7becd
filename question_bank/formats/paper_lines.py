"""The lines of an exam paper and the marks by which one knows them: numbers, options, answers, headings."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

SPACES = re.compile("[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000]+")
UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060\ufeff\u00ad]")
DECORATION = re.compile(r"^(?:[║┆┊┇┋│┃▏▕※★☆●○◆◇■□▲△►▶➤✦✧❖•·]+|#{1,6}(?=\s)|>(?=\s)|\*{1,2}(?=\S))\s*|\s*[║┆┊┇┋│┃▏▕]+$")
RULE = re.compile(r"[-=*~—─═·.…\s]{3,}")
QUESTION = re.compile(r"[【\[]?\s*(?:题目|题干|试题|问题|考题)\s*(?:[】\]]\s*[:：]?|[:：])\s*")
NUMBER = re.compile(
    r"(?:第\s*([0-9０-９]{1,5})\s*题\s*[.．、:：)）]?|[（(【\[]\s*([0-9０-９]{1,5})\s*[)）】\]]\s*[.．、]?"
    r"|([0-9０-９]{1,5})\s*(?:[.．](?![0-9０-９])|[、:：)）]))\s*"
)
TAG = re.compile(r"[【\[（(][^【】\[\]（）()0-9\s]{2,8}[】\]）)]\s*(?=[0-9第])")
WEAK_NUMBER = re.compile(r"([0-9]{1,5}) +(?=[^\s0-9])")
OPTION = re.compile(r"[（(【\[]?\s*([A-Za-zＡ-Ｚａ-ｚ])\s*(?:[.．、:：)）】\]]|，(?=\S))\s*")
SPACED_OPTION = re.compile(r"([A-Z]) +(?=\S)")
INLINE = re.compile(r"(?:^|(?<=[\s。；;，,？?！!）)：:_]))[（(]?([A-ZＡ-Ｚ])\s*[.．、:：)）]\s*")
# Where the first letter of a line stands in brackets the others need no space before them: (A)三(B)五(C)七.
BRACKETED = re.compile(r"[（(]\s*([A-ZＡ-Ｚ])\s*[)）]\s*")
ANSWER = re.compile(
    r"[【\[（(]?\s*(?:(?:参考|正确|标准|试题|本题)?\s*答\s*案|[Aa][Nn][Ss][Ww][Ee][Rr]|正确选项|正确的?是)\s*(?:[】\]）)]\s*[:：]?|[:：]|(?=\s[A-Z√×对错])|是[:：]?|为[:：]?)\s*"
)
REPLY = re.compile(r"答\s*[:：]\s*")
EXPLANATION = re.compile(
    r"[【\[（(]?\s*(?:(?:答案|试题|本题)?\s*(?:解析|详解|分析|解释|说明|评析|点评)|【解】|理由)\s*(?:[】\]）)]\s*[:：]?|[:：])\s*"
)
ABOUT = {
    "difficulty": "难度|难易度|难易程度|题目难度",
    "topic": "知识点|考点|考查点|所属章节|章节|专题",
    "basis": "法律依据|依据|出题依据|法条依据|条文依据",
    "source": "出处|来源",
    "points": "分值|分数",
    "kind": "题型|题目类型",
}
ABOUTS = {
    name: re.compile(rf"[【\[（(]?\s*(?:{words})\s*(?:[】\]）)]\s*[:：]?|[:：])\s*") for name, words in ABOUT.items()
}
ANSWERS_TITLE = re.compile(
    r".{0,20}?(?:参考|标准|正确)?答案(?:及|与|和)?(?:解析|评分标准|部分|汇总|速查|一览表?|表)?\s*[:：]?"
)
SIGN = "[√×✓✗✔✘]|正确|错误|对|错"
RANGE = re.compile(r"([0-9]{1,5})\s*[-~—–－～至到]+\s*([0-9]{1,5})\s*题?\s*[:：.．、]?\s*")
KEY = re.compile(
    rf"([0-9]{{1,5}})\s*[.．、:：)）]?\s*[（(]?\s*([A-Za-z](?:[、,，]?[A-Za-z]){{0,9}}|{SIGN})\s*[)）]?(?=[\s;；,，。.、]|$|[0-9])"
)
TOKEN = re.compile(rf"[A-Za-z]+|{SIGN}")


# Radicals that PDF programs write for whole characters; those of the Kangxi block are known to Unicode itself.
RADICALS = str.maketrans(
    {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x2F00, 0x2FD6)}
    | dict(
        zip(
            map(ord, "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰"),
            "民虎西见角贝车长门青页风飞食马骨鬼鱼鸟麦黄齐齿龙",
            strict=True,
        )
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its number, which counts from 1."""

    number: int
    words: str


def tidied(words: str) -> tuple[str, bool]:
    """Return a line with plain spaces and without the decorations round it, and whether it had such."""
    if RULE.fullmatch(words):
        return "", bool(words.strip())
    plain = SPACES.sub(lambda match: " " * min(len(match[0].expandtabs(4)), 8), UNSEEN.sub("", words)).strip()
    bare = DECORATION.sub("", plain)
    if plain.startswith("**") and bare.endswith("**"):
        bare = bare.removesuffix("**")
    return bare.strip().translate(RADICALS), bare != plain


def has_radicals(words: str) -> bool:
    """Whether a line has radicals in place of characters."""
    return any("\u2e80" <= sign <= "\u2fdf" for sign in words)


def number_at(words: str) -> tuple[int, str] | None:
    """Return the number that a line begins with and what follows it, None where it begins with none.

    A word in brackets before the number, as in 【多选题】1、, belongs to what follows.
    """
    tag = TAG.match(words)
    start = tag.end() if tag else 0
    match = NUMBER.match(words, start)
    if match is None:
        return None
    return int(next(one for one in match.groups() if one)), (words[:start] + words[match.end() :]).strip()


def options_in(words: str, expected: int) -> list[tuple[str, str]]:
    """Return the options of a line that begins with one; ``expected`` is how many came before.

    A letter further on in the line is a mark only where it is the next one in turn.
    """
    match = OPTION.match(words)
    if match is None:
        return []
    letter = _plain_letter(match[1])
    found = [(letter, match.end())]
    turn = max(ord(letter) - ord("A"), expected)
    ends: list[int] = []
    bracketed = BRACKETED.match(words) is not None
    for mark in (BRACKETED if bracketed else INLINE).finditer(words, match.end()):
        own = _plain_letter(mark[1])
        # The same letter again in brackets is a slip of who typed it, and has to show as one.
        if ord(own) - ord("A") == turn + 1 or (bracketed and own == found[-1][0]):
            turn = ord(own) - ord("A")
            ends.append(mark.start())
            found.append((own, mark.end()))
    return [
        (letter, words[start:end].strip())
        for (letter, start), end in zip(found, [*ends, len(words)], strict=True)
    ]  # fmt: skip


def options_inside(words: str) -> tuple[str, list[tuple[str, str]]]:
    """Return a line without the options A, B, C … that stand at its end, and these; there are at least three."""
    marks: list[re.Match[str]] = []
    for mark in INLINE.finditer(words):
        turn = ord(_plain_letter(mark[1])) - ord("A")
        if turn == len(marks):
            marks.append(mark)
        elif turn == 0:
            marks = [mark]
    if len(marks) < 3 or marks[0].start() == 0:
        return words, []
    ends = [mark.start() for mark in marks[1:]] + [len(words)]
    options = [(_plain_letter(mark[1]), words[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]
    return words[: marks[0].start()].strip(), options


def _plain_letter(letter: str) -> str:
    code = ord(letter)
    return chr(code - 0xFEE0 if code > 0xFF00 else code).upper()


def keys_in(words: str) -> list[tuple[int, str]] | None:
    """Return the keys of a line of a list of answers, such as ``1-5 ABCDA`` or ``1.A 2.√``; None where it is none."""
    ranges = list(RANGE.finditer(words))
    if ranges and not words[: ranges[0].start()].strip(" ,，;；、"):
        found: list[tuple[int, str]] = []
        ends = [one.start() for one in ranges[1:]] + [len(words)]
        for one, end in zip(ranges, ends, strict=True):
            keys = _range_keys(int(one[1]), int(one[2]), words[one.end() : end])
            if keys is None:
                return None
            found += keys
        return found
    matches = list(KEY.finditer(words))
    if matches and not re.sub(r"[\s;；,，。.、]+", "", KEY.sub("", words)):
        return [(int(one[1]), re.sub("[、,，]", "", one[2]).upper()) for one in matches]
    return None


def _range_keys(first: int, last: int, words: str) -> list[tuple[int, str]] | None:
    count = last - first + 1
    tokens = TOKEN.findall(words)
    if re.sub(r"[\s;；,，。.、|/]+", "", TOKEN.sub("", words)) or not 1 <= count <= 200:
        return None
    if len(tokens) != count:
        glued = "".join(tokens)
        tokens = list(glued) if len(glued) == count and all(len(one) == 1 or one.isascii() for one in tokens) else []
    if len(tokens) != count:
        return None
    return [(first + at, token.upper()) for at, token in enumerate(tokens)]
