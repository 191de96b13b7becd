"""What a spreadsheet shows for a number: 0.01 as 1%, 25100 as 25,100, 41760 as 2014年5月1日.

A cell keeps the number and a format code; a reader that takes the number alone loses the sign that a question may turn
on. Only what is sure is shown: a code with parts that are not understood leaves the number as it is.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

# The codes that files refer to by number alone; dates as the Chinese edition shows them.
BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    14: "yyyy/m/d",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy/m/d h:mm",
    27: 'yyyy"年"m"月"',
    28: 'm"月"d"日"',
    29: 'm"月"d"日"',
    30: "m/d/yy",
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    57: 'yyyy"年"m"月"',
    58: 'm"月"d"日"',
}
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
LAST_DAY = 2_958_465
BRACKETS = re.compile(r"\[[^\]]*\]|_.|\*.")
LITERAL = re.compile(r'"([^"]*)"|\\(.)')
DATE_PART = re.compile("y+|m+|d+|h+|s+|AM/PM|.", re.IGNORECASE)
NUMBER = re.compile(r"([^0#?.,%]*)([0#?][0#?,]*)(\.[0#?]*)?(%?)([^0#?.,%]*)")
# Behind so many digits a number is binary dust, and beyond so many places it is no longer what somebody typed.
SURE_DIGITS, MOST_PLACES = 14, 6
# A literal is put by under a sign of its own while the rest of a code is looked at.
FIRST_LITERAL, LONGEST_CODE = 0xE000, 255
PERCENT, NUMERIC, DATE = "percent", "number", "date"


def shown(value: str, code: str, *, from_1904: bool = False) -> tuple[str, str] | None:
    """Return what is shown for a number and what it is (percent, number, date).

    None where the code is the general one or not understood; the number then stands for itself.
    """
    if code.lower() in ("", "general", "@") or len(code) > LONGEST_CODE or re.search("[\ue000-\uf8ff]", code):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    section = BRACKETS.sub("", code.split(";")[0])
    literals: list[str] = []

    def put_by(match: re.Match[str]) -> str:
        literals.append(match[1] if match[1] is not None else match[2])
        return chr(FIRST_LITERAL + len(literals) - 1)

    bare = LITERAL.sub(put_by, section)
    if re.search("[ymdhs]", bare, re.IGNORECASE):
        return _date(number, bare, literals, EPOCH_1904 if from_1904 else EPOCH)
    match = NUMBER.fullmatch(bare.strip())
    if match is None:
        return None
    before, whole, part, percent, after = match.groups()
    places = len(part or ".") - 1
    scaled = number * 100 if percent else number
    # A spreadsheet shows 0.001% as 0.00% where the cell is so set; what was typed has few digits and is shown whole.
    scaled = scaled.normalize(Context(prec=SURE_DIGITS))
    exponent = scaled.as_tuple().exponent
    if isinstance(exponent, int) and places < -exponent <= MOST_PLACES:
        places = -exponent
    # A code of # alone hides zeros, as in 12.5 under #.##; the number itself is then the better witness.
    if part and "0" not in part:
        words = f"{scaled.normalize():f}"
    else:
        words = f"{scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"
    if "," in whole:
        head, point, tail = words.partition(".")
        words = f"{int(head):,}" + point + tail
    words = _filled(before, literals) + words + percent + _filled(after, literals)
    return words.strip(), PERCENT if percent else NUMERIC


def general(value: float) -> str:
    """Return a number as a cell of the general format shows it, without the digits that are only binary dust."""
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    words = f"{value:.15g}"
    return f"{Decimal(words):f}" if "e" in words and abs(value) < 10**20 else words


def day_of(serial: str) -> str | None:
    """Return the day that a number would be as a date, such as 2014-05-01; None where it is no likely one."""
    if not re.fullmatch("[1-9][0-9]{4}", serial) or not 20_000 <= int(serial) <= 60_000:
        return None
    if int(serial) % 1_000 == 0:
        return None  # a round number is an amount of money far more often than a day
    return (EPOCH + timedelta(days=int(serial))).date().isoformat()


def _filled(words: str, literals: list[str]) -> str:
    return re.sub("[\ue000-\uf8ff]", lambda match: literals[ord(match[0]) - FIRST_LITERAL], words)


def _date(number: Decimal, bare: str, literals: list[str], epoch: datetime) -> tuple[str, str] | None:
    if not 0 <= number <= LAST_DAY:
        return None
    moment = epoch + timedelta(seconds=int((number * 86_400).quantize(Decimal(1), ROUND_HALF_UP)))
    afternoon = "am/pm" in bare.lower()
    made: list[str] = []
    hours = False
    for part in DATE_PART.findall(bare):
        low = part.lower()
        if low.startswith("y"):
            made.append(f"{moment.year % 100:02d}" if len(low) <= 2 else str(moment.year))
        elif low.startswith("m"):
            # After hours it is minutes.
            value = moment.minute if hours else moment.month
            made.append(f"{value:02d}" if len(low) == 2 else str(value))
        elif low.startswith("d"):
            made.append(f"{moment.day:02d}" if len(low) == 2 else str(moment.day))
        elif low.startswith("h"):
            value = (moment.hour + 11) % 12 + 1 if afternoon else moment.hour
            made.append(f"{value:02d}" if len(low) == 2 else str(value))
        elif low.startswith("s"):
            made.append(f"{moment.second:02d}" if len(low) == 2 else str(moment.second))
        elif low == "am/pm":
            made.append("PM" if moment.hour >= 12 else "AM")
        else:
            made.append(_filled(part, literals))
        hours = low.startswith("h") or (hours and not low.startswith(("m", "s")))
    return "".join(made).strip(), DATE
