"""Short typed answers compared as a fair reader would compare them.

``normal`` brings a text to the form in which two answers are equal or not:

- full and half width are one (１５ = 15, （ = (), but what carries meaning stays: superscripts, fractions
  and circled numbers are not unfolded, so that 10² never becomes 102;
- letter case, spaces, invisible characters, quotation marks and the marks round titles do not count, nor
  does the punctuation at the end; the signs that separate a list are one;
- numbers are written in digits: 十五 = 15, 二百 = 200, 两万元 = 20000元, 3,000 = 3000, 百分之三 = 3%.
  A run of bare digits such as 三五 may mean "three to five"; it is a number only as a year is written
  (二〇二一) or with a zero in it.

Units are never added or taken away: whoever accepts both ``15日`` and ``15`` lists both.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

DIGITS = {
    "零": 0,
    "〇": 0,
    "○": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
SMALL_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
LARGE_UNITS = {"万": 10_000, "亿": 100_000_000}

# The compatibility forms that are the same character in another width or shape.
SAME_CHARACTER = ("<wide>", "<narrow>", "<compat>", "<noBreak>", "<small>", "<vertical>")

INVISIBLE = ("Cc", "Cf")
IGNORED = re.compile("[\"'`“”‘’「」『』《》〈〉<>﹁﹂]")
SEPARATORS = re.compile("[、,;，；]+")
DASHES = re.compile("[‐‑‒–—―−﹣－~～〜]+")
END_MARKS = re.compile("[。．.!?！？,、;:：…]+$")
THOUSANDS = re.compile(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?!\d)")

_DIGIT_CLASS = "".join(DIGITS)
_UNIT_CLASS = "".join(SMALL_UNITS) + "".join(LARGE_UNITS)
CHINESE_NUMBER = re.compile(
    f"(?<![\\d{_DIGIT_CLASS}{_UNIT_CLASS}])[{_DIGIT_CLASS}{_UNIT_CLASS}]+"
    f"(?:点[{_DIGIT_CLASS}]+(?![{_DIGIT_CLASS}{_UNIT_CLASS}]))?"
)
MIXED_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([十百千万亿]+)")
SHARE_WORD = re.compile(f"(?<![{_DIGIT_CLASS}{_UNIT_CLASS}\\d])([百千万])分之")
SHARE = re.compile(r"(\d+(?:\.\d+)?)分之(\d+(?:\.\d+)?)")
ARABIC = re.compile(r"\d+(?:\.\d+)?")


# A number with what follows it; a second number or a fraction stroke makes it something else.
QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)([^\d/]*)")

MOST_PASSES = 10


@lru_cache(maxsize=8192)  # what is accepted is compared with every answer
def normal(text: str) -> str:
    """Return the form for comparing; it is not for showing. Applying it twice changes nothing more."""
    # One step can make room for another: a comma that goes may leave a number behind that is a share.
    for _ in range(MOST_PASSES):
        made = _normal_once(text)
        if made == text:
            break
        text = made
    return text


def _normal_once(text: str) -> str:
    plain = "".join(_same_width(char) for char in unicodedata.normalize("NFC", text))
    plain = "".join(char for char in plain if not char.isspace() and unicodedata.category(char) not in INVISIBLE)
    plain = IGNORED.sub("", plain.casefold())
    plain = END_MARKS.sub("", plain)
    plain = THOUSANDS.sub(lambda match: match.group().replace(",", ""), plain)
    plain = SHARE_WORD.sub(lambda match: f"{SMALL_UNITS.get(match[1]) or LARGE_UNITS[match[1]]}分之", plain)
    plain = CHINESE_NUMBER.sub(lambda match: _digits_for(match.group()), plain)
    plain = MIXED_NUMBER.sub(_multiply, plain)
    plain = SHARE.sub(_share, plain)
    plain = ARABIC.sub(lambda match: _plain_number(match.group()), plain)
    plain = DASHES.sub("-", plain)
    return SEPARATORS.sub("、", plain)


def same(answer: str, accepted: str) -> bool:
    """Whether a typed answer says the same as an accepted one. An empty answer never does."""
    left = normal(answer)
    return bool(left) and left == normal(accepted)


def quantity(text: str) -> tuple[Decimal, str] | None:
    """Return the number that a text states and its unit: 二万元 → (20000, 元). None where it states no one number."""
    match = QUANTITY.fullmatch(normal(text))
    return (Decimal(match[1]), match[2]) if match else None


def near(answer: str, accepted: str, tolerance: Decimal) -> bool:
    """Whether two texts state numbers of the same unit that are at most ``tolerance`` apart."""
    given, wanted = quantity(answer), quantity(accepted)
    return given is not None and wanted is not None and given[1] == wanted[1] and abs(given[0] - wanted[0]) <= tolerance


def number(text: str) -> int:
    """Return the whole number written in Chinese: 一百二十 → 120, 二〇二一 → 2021.

    Raises ``ValueError`` where the characters form no number.
    """
    if not text:
        raise ValueError("empty number")
    if all(char in DIGITS for char in text):
        return int("".join(str(DIGITS[char]) for char in text))
    total = section = 0
    digit: int | None = None
    last_small, last_large = 10_000, 10**12
    for char in text:
        if char in DIGITS:
            if digit:
                raise ValueError(f"not a number: {text}")
            digit = DIGITS[char]
        elif char in SMALL_UNITS:
            unit = SMALL_UNITS[char]
            if unit >= last_small or (not digit and unit != 10):
                raise ValueError(f"not a number: {text}")
            section += (digit or 1) * unit
            last_small, digit = unit, None
        elif char in LARGE_UNITS:
            unit = LARGE_UNITS[char]
            section += digit or 0
            if unit >= last_large or not section:
                raise ValueError(f"not a number: {text}")
            total += section * unit
            last_small, last_large, section, digit = 10_000, unit, 0, None
        else:
            raise ValueError(f"not a number: {text}")
    if digit and len(text) > 1 and text[-2] in "百佰千仟万亿":
        raise ValueError(f"not a number: {text}")  # 一百五: said for 150, written for 105
    return total + section + (digit or 0)


def numeral(value: int) -> str:
    """Return a whole number from 0 to 9999 in Chinese: 36 → 三十六. Raises ``ValueError`` outside of that."""
    if not 0 <= value <= 9999:
        raise ValueError(f"no numeral for {value}")
    digits = "零一二三四五六七八九"
    if value == 0:
        return digits[0]
    out, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, value = divmod(value, unit)
        if not count:
            zero = bool(out)
            continue
        out += ("零" if zero else "") + ("" if count == 1 and unit == 10 and not out else digits[count]) + name
        zero = False
    return out


def _same_width(char: str) -> str:
    tag = unicodedata.decomposition(char).partition(" ")[0]
    if tag in SAME_CHARACTER or (tag and not tag.startswith("<")):
        return unicodedata.normalize("NFKC", char)
    return char


def _digits_for(text: str) -> str:
    whole, _, part = text.partition("点")
    if len(whole) in (2, 3) and all(DIGITS.get(char) for char in whole):
        return text  # 三五天: three to five days
    try:
        value = str(number(whole))
    except ValueError:
        return text
    return value + ("." + "".join(str(DIGITS[char]) for char in part) if part else "")


def _multiply(match: re.Match[str]) -> str:
    value = Decimal(match.group(1))
    for char in match.group(2):
        value *= SMALL_UNITS.get(char) or LARGE_UNITS[char]
    return f"{value:f}"


def _share(match: re.Match[str]) -> str:
    whole, part = match.group(1), match.group(2)
    if whole == "100":
        return f"{part}%"
    return f"{part}‰" if whole == "1000" else f"{part}/{whole}"


def _plain_number(text: str) -> str:
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{part}" if part else "")
