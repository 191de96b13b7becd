"""Words for what statistics say: advice as sentences, findings above charts, what reliability is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from trainer.bank.wording import ADVICE_NAMES
from trainer.reports.rules.advice import Advice
from trainer.reports.rules.item_stats import OptionLine

BAND_NAMES: dict[str, Any] = {
    "very_good": _l("优"),
    "good": _l("良好"),
    "marginal": _l("尚可，宜改进"),
    "poor": _l("差"),
    "negative": _l("反向，须核查"),
    "unknown": _l("无法计算"),
}
GRADE_SENTENCES: dict[str, Any] = {
    "good": _l("信度高，可以据此对个人作决定。"),
    "fair": _l("信度较好；对合格线附近的人作决定时要留余地。"),
    "low": _l("信度一般，适合练兵摸底，不宜单凭这个分数对个人作决定。"),
    "poor": _l("信度低，分数的高低有较大偶然成分。"),
    "unknown": _l("无法计算信度。"),
}
THIRD_NAMES: dict[str, Any] = {"low": _l("低分组"), "middle": _l("中间组"), "high": _l("高分组")}


def option_letter(key: str) -> str:
    """Return an option as it is shown: its letter, or the words of true and false."""
    if key in ("true", "false"):
        return _("对") if key == "true" else _("错")
    return key


def letters(keys: Sequence[str]) -> str:
    """Return options one after another."""
    return "、".join(option_letter(key) for key in keys)


def advice_sentence(advice: Mapping[str, Any], *, difficulty: int, with_options: bool = True) -> str:
    """Return what an advice says. Without options it names none: they would tell the key."""
    code, reason = advice["code"], advice.get("reason", "")
    options = letters(advice.get("options", ())) if with_options else ""
    if code == "key_suspicious":
        return _suspicion(reason, options)
    if code == "weak":
        return _("高分组和低分组答对的比例相差不大，这道题分不出水平高低，建议修改题干或选项。")
    if code == "distractor_dead":
        if not options:
            return _("有的干扰项几乎没有人选，建议换掉。")
        return _("几乎没有人选 %(options)s，这样的干扰项不起作用，建议换掉。", options=options)
    if code == "too_easy":
        return _("得分率高于难度 %(n)s 应有的水平，建议调低标注的难度，或者把题改难。", n=difficulty)
    if code == "too_hard":
        return _("得分率低于难度 %(n)s 应有的水平，建议调高标注的难度，并检查题干是否清楚。", n=difficulty)
    if code == "drifting":
        return _drift(reason)
    if code == "left_blank":
        return _("一成以上的考生没有作答，可能是题太长、位置太靠后或者看不懂。")
    return code


def told_advice(advice: Sequence[Advice], difficulty: int, *, seen: bool) -> list[tuple[str, str]]:
    """Return advice on an item as (name, sentence); options are named only to who sees the item."""
    return [
        (str(ADVICE_NAMES[one.code]), advice_sentence(one.to_dict(), difficulty=difficulty, with_options=seen))
        for one in advice
    ]


def options_text(options: Sequence[OptionLine]) -> str:
    """Return how many chose which option, the right ones with a tick, on one line."""
    return "  ".join(f"{option_letter(one.key)}{'✓' if one.right else ''} {one.chosen}" for one in options)


def _suspicion(reason: str, options: str) -> str:
    if reason == "negative":
        return _("成绩越好的考生在这道题上得分越低，请核对答案，并检查题干有没有歧义。")
    if not options:
        return _("成绩好的考生选别的选项的多于选标准答案的，请题库管理员核对答案。")
    if reason == "beaten":
        return _("第一次练习时选 %(options)s 的人多于选标准答案的，请核对答案和解析。", options=options)
    return _("高分组里选 %(options)s 的人多于选标准答案的，请核对答案，并检查题干有没有歧义。", options=options)


def _drift(reason: str) -> str:
    if reason == "easier":
        return _("近来变容易了，超出了偶然：可能用得太多、题目外传，也可能是参加的人不同。")
    return _("近来变难了，超出了偶然：可能法律有变化、题目过时，也可能是参加的人不同。")


def options_finding(figures: Mapping[str, Any]) -> str:
    """Return the finding above the chart of options by ability."""
    right = [one for one in figures["options"] if one["right"]]
    low, _middle, high = figures["in_third"]
    if len(right) != 1 or not low or not high:
        return _("各水平的人选了什么")
    return _(
        "选 %(option)s（正确）的：低分组 %(low)s，高分组 %(high)s",
        option=option_letter(right[0]["key"]),
        low=whole_percent(right[0]["thirds"][0] / low),
        high=whole_percent(right[0]["thirds"][2] / high),
    )


def drift_finding(figures: Mapping[str, Any]) -> str:
    """Return the finding above the chart of facility by quarter."""
    change, chance = figures["drift"]["change"], figures["drift"]["chance"]
    if change is None:
        return _("得分率随时间的变化（数据还不够比较）")
    if figures["drift"]["sure"]:
        words = _("得分率有变化，超出了偶然（p %(p)s）", p=chance_text(chance))
        return words
    return _("没有发现超出偶然的变化（p %(p)s）", p=chance_text(chance))


def chance_text(chance: float | None) -> str:
    """Return a chance as = 0.23 or < 0.001; an en dash for None."""
    if chance is None:
        return "–"
    return "< 0.001" if chance < 0.001 else f"= {chance:.3f}"


def whole_percent(share: float | None) -> str:
    """Return a share as whole per cent, an en dash for None."""
    return "–" if share is None else f"{round(100 * share)}%"


def two(value: float | None) -> str:
    """Return a figure with two decimals and a true minus, an en dash for None."""
    if value is None:
        return "–"
    text = f"{value:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "\N{MINUS SIGN}")


def between(interval: Sequence[float] | None) -> str:
    """Return an interval with two decimals, empty for None."""
    return "" if interval is None else _("%(low)s 至 %(high)s", low=two(interval[0]), high=two(interval[1]))


def percents(interval: Sequence[float] | None) -> str:
    """Return an interval of shares in whole per cent, empty for None."""
    if interval is None:
        return ""
    return _("%(low)s 至 %(high)s", low=whole_percent(interval[0]), high=whole_percent(interval[1]))


def one(value: float | None) -> str:
    """Return points with at most one decimal, an en dash for None."""
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def ones(interval: Sequence[float] | None) -> str:
    """Return an interval of points with at most one decimal, empty for None."""
    return "" if interval is None else _("%(low)s 至 %(high)s", low=one(interval[0]), high=one(interval[1]))
