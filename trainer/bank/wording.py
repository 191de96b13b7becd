"""Words for places in an item, for what makes an item invalid, and for what a check finds in it.

The codes are those of ``question_bank``. A code without words says that the place needs a look.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

PLACES: dict[str, Any] = {
    "article": _l("条"),
    "accepted": _l("可接受的答案"),
    "any_order": _l("各空不分先后"),
    "basis": _l("法律依据"),
    "blanks": _l("空"),
    "difficulty": _l("难度"),
    "document": _l("文书语句"),
    "documents": _l("材料"),
    "enemies": _l("互斥题"),
    "explanation": _l("解析"),
    "fields": _l("执法领域"),
    "format": _l("文字格式"),
    "indefinite": _l("不定项"),
    "item": _l("项"),
    "key": _l("答案"),
    "kind": _l("题型"),
    "law": _l("法律"),
    "level": _l("层次"),
    "max_length": _l("字数上限"),
    "media": _l("图片和音视频"),
    "note": _l("说明"),
    "options": _l("选项"),
    "paragraph": _l("款"),
    "parts": _l("小题"),
    "point": _l("要点"),
    "pool": _l("题池"),
    "prompts": _l("左栏"),
    "reuse": _l("选项可重复使用"),
    "rubric": _l("评分要点"),
    "sample": _l("参考答案"),
    "source": _l("来源"),
    "stem": _l("题干"),
    "tags": _l("标签"),
    "text": _l("内容"),
    "title": _l("标题"),
    "tolerance": _l("允许误差"),
    "topic": _l("专题"),
    "variant_group": _l("变式组"),
    "version": _l("版本"),
    "weight": _l("分值比重"),
    "wing": _l("板块"),
}
POOL_NAMES: dict[str, Any] = {"open": _l("公开题池"), "reserved": _l("保留题池")}

# What statistics advise (reports.rules.advice), and the bands by which the list of items is filtered.
ADVICE_NAMES: dict[str, Any] = {
    "key_suspicious": _l("答案存疑"),
    "weak": _l("区分度低"),
    "distractor_dead": _l("干扰项无效"),
    "too_easy": _l("比标注容易"),
    "too_hard": _l("比标注难"),
    "drifting": _l("难度有变化"),
    "left_blank": _l("空着的人多"),
}
FACILITY_NAMES: dict[str, Any] = {
    "hard": _l("低于 0.40（难）"),
    "middling": _l("0.40–0.70（中等）"),
    "easy": _l("0.70–0.90（易）"),
    "very_easy": _l("0.90 以上（很易）"),
}
UPPER_LOWER_NAMES: dict[str, Any] = {
    "negative": _l("低于 0（反向）"),
    "poor": _l("0–0.20（差）"),
    "marginal": _l("0.20–0.30（尚可）"),
    "good": _l("0.30–0.40（良好）"),
    "very_good": _l("0.40 以上（优）"),
}

OPERATION_NAMES: dict[str, Any] = {
    "retire": _l("下架"),
    "difficulty": _l("改难度"),
    "topic": _l("改专题"),
    "fields": _l("改执法领域"),
    "pool": _l("改题池"),
    "variant_group": _l("改变式组"),
}

FOUND: dict[str, Any] = {
    # --- what makes an item invalid
    "already_in_order": _l("各项已按正确顺序排列，请打乱。"),
    "bad_article": _l("条号无法识别，例如 36 或 120-1。"),
    "bad_difficulty": _l("难度应为 1 到 5。"),
    "bad_group": _l("变式组用小写字母、数字和下划线，以字母开头。"),
    "bad_id": _l("请填写试题的编号，可输入题干中的词查找。"),
    "bad_level": _l("请选择层次。"),
    "bad_number": _l("款、项应为不小于 1 的整数。"),
    "bad_slug": _l("请从列表中选择一项。"),
    "bad_version": _l("版本应为公布日期，例如 2021-01-22。"),
    "blank_count": _l("空的数量与答案数量不一致，题干用四条下划线表示一个空。"),
    "blank_width": _l("一个空用四条下划线表示。"),
    "duplicate": _l("与前面重复。"),
    "empty": _l("请填写这一项。"),
    "external_image": _l("不能引用其他网站的图片。"),
    "missing": _l("请填写这一项。"),
    "not_a_decimal": _l("允许误差应为小数，例如 0.5。"),
    "not_a_list": _l("请填写这一项。"),
    "not_a_number": _l("设了允许误差的空，答案应为数字。"),
    "not_every_key_once": _l("每一项都要排序，且只排一次。"),
    "note_without_key": _l("不能标记的语句没有说明。"),
    "option_count": _l("选项应有 {fewest} 到 {most} 个，现有 {count} 个。"),
    "out_of_range": _l("应在 {least} 到 {most} 之间。"),
    "own_enemy": _l("一道题不能与自己互斥。"),
    "outer_space": _l("首尾有多余的空格。"),
    "prompt_without_key": _l("左栏每一项都要有对应的选项。"),
    "row_count": _l("应有 {fewest} 到 {most} 行，现有 {count} 行。"),
    "too_few_right": _l("正确选项至少 {fewest} 个。"),
    "too_long": _l("最多 {longest} 个字符。"),
    "too_many": _l("最多 {most} 个，现有 {count} 个。"),
    "too_many_faults": _l("有错误的语句不能超过可标记语句的一半。"),
    "topic_of_other_wing": _l("专题不属于这个板块。"),
    "unknown_enemy": _l("“{enemy}”不在题库里，无法记为不能同卷的试题。"),
    "unknown_enforcement_field": _l("没有“{value}”这个执法领域。"),
    "unknown_key": _l("答案指向了不存在的选项。"),
    "unknown_medium": _l("题目引用的图片或音视频不在题中。"),
    "unknown_prompt": _l("答案指向了左栏中不存在的项。"),
    "unknown_topic": _l("请选择专题。"),
    "unprintable": _l("这里有无法识别的控制字符，请删去。"),
    "used_too_often": _l("一个选项对应了多项；确需如此请勾选“选项可重复使用”。"),
    # --- what a check finds
    "answer_in_stem": _l("答案在题干中出现过。"),
    "answer_listed_twice": _l("同一答案写了两遍。"),
    "article_not_in_basis": _l("解析提到{article}，依据中没有这一条。"),
    "banned_wording": _l("不宜使用“{text}”这样的选项。"),
    "basis_twice": _l("同一依据写了两遍。"),
    "columns_in_order": _l("两栏顺序一致，答案一看便知，请打乱。"),
    "double_negative": _l("否定的问法配否定的选项，不易读懂：{options}。"),
    "duplicate_item": _l("与 {other} 内容相同。"),
    "general_and_more": _l("已选“通用”，不必再选其他领域。"),
    "html_in_markdown": _l("文字中留有 HTML 标记。"),
    "item_without_paragraph": _l("这一条有多款，请写明第几款。"),
    "law_not_in_force": _l("《{law}》的这一版本现在不是有效文本。"),
    "letter_reference": _l("文字提到了选项字母，选项顺序会随机变化，请改用内容表述。"),
    "many_negations": _l("一句话里否定词太多，不易读懂。"),
    "near_duplicate": _l("与 {other} 很相似（{percent}%）。"),
    "no_basis": _l("没有写法律依据。"),
    "no_explanation": _l("没有写解析。"),
    "no_note": _l("没有写说明，作答后看不到为什么。"),
    "no_such_article": _l("《{law}》没有第 {article} 条。"),
    "no_such_item": _l("第 {article} 条没有第 {item} 项，只有 {items} 项。"),
    "no_such_paragraph": _l("第 {article} 条没有第 {paragraph} 款，只有 {paragraphs} 款。"),
    "not_the_short_title": _l("法律名称应写作“{wanted}”。"),
    "option_twice": _l("与选项 {other} 内容相同。"),
    "prompt_twice": _l("与第 {other} 项内容相同。"),
    "right_option_stands_out": _l("正确选项明显比其他选项长（{right} 字，其他最长 {wrong} 字），容易被猜中。"),
    "sample_too_long": _l("参考答案超过了字数上限。"),
    "unknown_law": _l("法律名录中没有“{law}”。"),
    "unknown_version": _l("法律名录中没有 {version} 的版本，已有：{known}。"),
    "unused_medium": _l("有图片或音视频没有在文字中引用。"),
    "unusual_option_count": _l("选项数量与常见的不同（现有 {count} 个）。"),
}

STEP = re.compile(r"([a-z_]+)(?:\[([A-Za-z0-9]+)\])?")


def place_name(place: str, *, first: int = 0) -> str:
    """Return a place in words, such as 选项 B · 说明, an empty one for the whole item.

    ``first`` is the number with which lists without letters begin: 0 in problems, 1 in differences.
    """
    words = []
    for name, index in STEP.findall(place):
        word = str(PLACES.get(name, name))
        if index.isdecimal():
            number = int(index) + 1 - first
            index = chr(ord("A") + number - 1) if name == "options" and number <= 26 else str(number)
        words.append(_("%(word)s %(number)s", word=word, number=index) if index else word)
    return " · ".join(words)


def found_text(code: str, params: Mapping[str, Any]) -> str:
    """Return the sentence of a problem or finding."""
    try:
        return str(FOUND[code]).format_map(dict(params))
    except (KeyError, IndexError, ValueError):
        return _("这里需要检查。")
