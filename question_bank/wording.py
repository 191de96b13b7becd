"""Findings on the wording of one question: what leads to the key, hinders reading or was left behind by an import.

They read no law and no other question; those are looked at by ``question_bank.check``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from question_bank import kinds, text
from question_bank.fields import MARKDOWN
from question_bank.findings import ERROR, WARNING, Finding
from question_bank.item import Item, Passage

OUTSTANDING_LENGTH = 1.8  # the right option against the longest wrong one
OUTSTANDING_EXTRA = 8  # and at least so many characters longer

# "All of the above" loses its sense when the options are shown in another order.
BANNED_OPTION = re.compile(
    "^(?:以上|上述|前述|前面)(?:的|各|所有|[二两三四五]?[个种项]?(?:选项|说法|情形|答案|内容|情况|做法|表述|项)?)?(?:全部|全|均|都|皆|没有|无一)"
    "|^(?:全部|都|均)(?:正确|错误|对|不对|是|不是)。?$|^[AB]、?[BC]、?[CD]?(?:都|均)|^(?:其他|其余)(?:选项|各项)(?:都|均)"
    "|all of the above|none of the above|both [a-d] and [a-d]",
    re.IGNORECASE,
)

# Letters change with the order of the options; "A公司" or "A市" is a name, not a letter of an option.
LETTER = re.compile(
    "(?<![A-Za-z0-9])[A-J](?:\\s*[、,，和与及]?\\s*[A-J])*\\s*(?:选项|两项|三项|各项|项(?![目羽])|(?:均|都)?(?:正确|错误|为正确|符合题意|当选|不选|入选))"
    "|选项\\s*[A-J](?![A-Za-z])|(?:故|应|正确)选\\s*[：:]?\\s*[A-J]+(?![A-Za-z])|(?:答案|选择)(?:是|为|应为|[：:])?\\s*[A-J]+(?![A-Za-z])"
)

DOUBLE_NEGATIVE = re.compile(
    "不得不|不能不|不可不|不会不|无不(?!当|良|妥)|莫不|并非不|不是不|不无|未必不|没有[^，。；]{0,2}不(?!可抗力|正当|良|服|当)"
)
NEGATIVE_ASK = re.compile("(?:不|非|错误|有误|不当)[^，。；？]{0,12}的(?:是|有|包括)|(?:不属于|不包括|不正确|错误)的")
NEGATION = re.compile(
    "不(?!动产|可抗力|良|法|足|服|履行|予|同|仅|但|当|正当|少于|超过|低于|高于|满|明)|没有|并非|未(?!成年|来|遂|必|经|依法)|无(?!证|照|效|权|关|线|害|人|障碍|偿)"
)

OPTION_TEXT = re.compile(r"options\[\d+\]\.text")
MARKUP = re.compile("</?[a-zA-Z][a-zA-Z0-9]*(?:\\s[^<>]*)?/?>|&(?:[a-z]+|#[0-9]+);")


def wording_findings(item: Item) -> Iterator[Finding]:
    """Find what is wrong with the question itself; the parts of a case are looked at one by one."""
    yield from _texts(item)
    if item.options:
        yield from _options(item)
    if item.kind == "fill_blank":
        yield from _accepted(item)
    elif item.kind == "matching":
        yield from _columns(item)
    elif item.kind == "short_answer":
        longest = kinds.answer_shape(item)["max_length"]
        if len(item.settings["sample"]) > longest:
            params = {"length": len(item.settings["sample"]), "longest": longest}
            yield Finding(ERROR, "sample_too_long", place="sample", params=params)
    if item.format == MARKDOWN and not item.case:
        yield from _rich(item)


def _texts(item: Item) -> Iterator[Finding]:
    for passage in _own_passages(item):
        # The text of an option may well name "A项" of something else, and so may a document.
        match = None if passage.plain or OPTION_TEXT.fullmatch(passage.place) else LETTER.search(passage.words)
        if match:
            yield Finding(ERROR, "letter_reference", place=passage.place, params={"found": match.group()})
    # A sample answer explains itself, and a case leaves it to its parts.
    if not item.explanation and item.kind not in ("short_answer", "case_study"):
        yield Finding(WARNING, "no_explanation", place="explanation")
    match = DOUBLE_NEGATIVE.search(item.stem)
    if match:
        yield Finding(WARNING, "double_negative", place="stem", params={"found": match.group()})
    elif item.kind == "true_false":
        for clause in re.split("[，。；！？]", item.stem):
            found = NEGATION.findall(clause)
            if len(found) > 2:
                yield Finding(WARNING, "many_negations", place="stem", params={"clause": clause})
    if item.kind in ("single_choice", "multiple_choice") and NEGATIVE_ASK.search(item.stem[-40:]):
        negated = [option.key for option in item.options if DOUBLE_NEGATIVE.search(option.text)]
        if negated:
            yield Finding(WARNING, "double_negative", place="options", params={"options": ", ".join(negated)})


def _own_passages(item: Item) -> list[Passage]:
    """Return the texts of an item without those of its parts."""
    return [passage for passage in item.passages() if not passage.place.startswith("parts[")]


def _rich(item: Item) -> Iterator[Finding]:
    """Find what an importer may leave behind in Markdown, in a case with its parts."""
    from question_bank import richtext  # needed by Markdown alone, see ``item``

    shown: set[str] = set()
    for passage in item.passages():
        if passage.plain:
            continue
        shown |= set(richtext.media_names(passage.words))
        match = MARKUP.search(passage.words)
        if match:
            yield Finding(WARNING, "html_in_markdown", place=passage.place, params={"found": match.group()})
    for index, medium in enumerate(item.media):
        if medium.name not in shown:
            yield Finding(WARNING, "unused_medium", place=f"media[{index}]", params={"name": medium.name})


def _columns(item: Item) -> Iterator[Finding]:
    """Find prompts that say the same, and a key that can be read off the order of the columns."""
    seen: dict[str, str] = {}
    for index, prompt in enumerate(item.settings["prompts"]):
        plain = text.normal(prompt["text"])
        if plain in seen:
            yield Finding(ERROR, "prompt_twice", place=f"prompts[{index}]", params={"other": seen[plain]})
        seen.setdefault(plain, prompt["key"])
    if tuple(item.key.values()) == item.option_keys[: len(item.key)]:
        yield Finding(WARNING, "columns_in_order", place="key")


def _options(item: Item) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for index, option in enumerate(item.options):
        place = f"options[{index}]"
        if BANNED_OPTION.search(option.text):
            yield Finding(ERROR, "banned_wording", place=place, params={"text": option.text})
        plain = text.normal(option.text)
        if plain in seen:
            yield Finding(ERROR, "option_twice", place=place, params={"other": seen[plain]})
        seen.setdefault(plain, option.key)
        if not option.note and item.kind in ("single_choice", "multiple_choice"):
            yield Finding(WARNING, "no_note", place=place)
    wanted = {"single_choice": (4, 4), "multiple_choice": (4, 5)}.get(item.kind)
    if wanted and not wanted[0] <= len(item.options) <= wanted[1]:
        yield Finding(WARNING, "unusual_option_count", place="options", params={"count": len(item.options)})
    if item.kind == "single_choice":
        right = len(item.option(item.key).text)
        wrong = max(len(option.text) for option in item.options if option.key != item.key)
        if right >= OUTSTANDING_LENGTH * wrong and right - wrong >= OUTSTANDING_EXTRA:
            yield Finding(WARNING, "right_option_stands_out", place="options", params={"right": right, "wrong": wrong})


def _accepted(item: Item) -> Iterator[Finding]:
    for index, accepted in enumerate(item.key):
        if len(set(accepted)) < len(accepted):
            yield Finding(WARNING, "answer_listed_twice", place=f"key[{index}]")
        if any(entry in item.stem for entry in accepted if len(entry) > 3):
            yield Finding(WARNING, "answer_in_stem", place=f"key[{index}]")
