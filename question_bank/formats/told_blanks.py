"""The blanks of a foreign fill-in question and the answers that are meant for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from question_bank.formats.answers import take_blanks
from question_bank.formats.draft import Draft
from question_bank.formats.report import CERTAIN, DOUBTFUL, LIKELY
from question_bank.formats.rich import Rich

LOW_LINES = re.compile(r"[（(]%_{2,}%[)）]|[_＿﹍]{2,}|[＿﹍]|\[BlankArea\d*\]|\{\{?\s*\}?\}|\[填空\d*\]")
BRACKETS = re.compile(r"（\s*[a-z]?\s*）|\(\s*[a-z]?\s*\)|【\s*】|\[\s*\]|〔\s*〕")
NUMBERED = re.compile(
    r"(?:\s|[;；,，])*(?:[（(]\s*[0-9]{1,2}\s*[)）]|[①-⑳])\s*|(?:^|[\s;；])\s*[0-9]{1,2}\s*[.、．)）](?!\d)\s*"
)
SEPARATORS = ("\n", r"\s*\$\$?\s*|\s*###\s*", r"\s*\|+\s*", r"\s*[;；]+\s*", r"\s*、\s*", r"\s*[,，]+\s*", r"\s{1,}")
IN_ANY_ORDER, ALL_OR_NOTHING = "乱序匹配", "全对得分"
GAP = "____"


def count(stem: str) -> int:
    """Return how many places to fill in a stem has, low lines before empty brackets."""
    return len(LOW_LINES.findall(stem)) or len(BRACKETS.findall(stem))


def take(draft: Draft, stem: str, answer: str, rich: Callable[[str], Rich]) -> None:
    """Make the draft a fill-in item of a stem and its answer as it stands in the file."""
    lows, brackets = len(LOW_LINES.findall(stem)), len(BRACKETS.findall(stem))
    marked = LOW_LINES.sub(GAP, stem)
    # Empty brackets are blanks where there are no low lines, or where the answer has parts for both.
    both = brackets and lows and (lows == 1 or _parts(answer.strip(), lows) is None)
    if brackets and (not lows or (both and _parts(answer.strip(), lows + brackets) is not None)):
        marked = BRACKETS.sub(GAP, marked)
        draft.repair("stem", "brackets_made_blanks", DOUBTFUL if lows else CERTAIN, before=stem, after=marked)
    blanks = len(re.findall("_{2,}", marked))
    bare = answer.strip()
    for word in (IN_ANY_ORDER, ALL_OR_NOTHING):
        if bare.startswith(word):
            bare = bare.removeprefix(word).strip(" ：:，,")
            if word == IN_ANY_ORDER:
                draft.data["any_order"] = True
            else:
                draft.lose("points_rule")
    if not bare:
        draft.data |= {"kind": "fill_blank", "stem": rich(marked)}
        draft.problem("key", "missing")
        return
    parts = _parts(bare, max(blanks, 1))
    if parts is None:
        draft.data |= {"kind": "fill_blank", "stem": rich(marked)}
        draft.problem("key", "blank_count", stem=blanks, key=len(re.split(r"[|;；]+", bare)), answer=bare[:80])
        return
    accepted = [list(_alternatives(part)) for part in parts]
    if any(len(one) > 1 for one in accepted):
        told = "；".join(" = ".join(one) for one in accepted)
        draft.repair("key", "alternatives_split", LIKELY, before=answer, after=told)
    elif len(parts) > 1:
        draft.repair("key", "answers_parted", CERTAIN, before=answer, after=" | ".join(parts))
    take_blanks(draft, rich(marked), accepted)


def _parts(answer: str, blanks: int) -> list[str] | None:
    """Return one part of the answer for each blank, None where no way of parting it gives as many."""
    if blanks == 1:
        return [re.sub(NUMBERED, "", answer, count=1) if NUMBERED.match(answer) else answer]
    numbered = [one.strip(" ;；,，。") for one in NUMBERED.split(answer)]
    if len(numbered) == blanks + 1 and not numbered[0] and all(numbered[1:]):
        return numbered[1:]
    for separator in SEPARATORS:
        parts = [one.strip(" 。") for one in re.split(separator, answer.strip(" 。;；|,，"))]
        if len(parts) == blanks and all(parts):
            return parts
    return None


def _alternatives(part: str) -> Iterator[str]:
    """Return the answers of one blank that are parted by a stroke or semicolon; a fraction or date is one answer."""
    pieces = [one.strip() for one in re.split(r"[;；|]|(?<![0-9])/|/(?![0-9])", part)]
    yield from dict.fromkeys(one for one in pieces if one)
