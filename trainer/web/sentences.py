"""The sentence of every refusal and of every problem with a field, by its code, in the reader's language.

One table for pages and API alike: a code that is missing here is found by a test. ``{name}`` takes a parameter of
the refusal; numbers and times arrive as they should be read.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from trainer.web.locale import decimal_text, local_date, local_time

SENTENCES: dict[str, Any] = {
    # --- any request
    "refused": _l("现在不能这样做。"),
    "invalid": _l("填写的内容有问题，请按各处提示修改后重新提交。"),
    "forbidden": _l("您没有进行这项操作的权限。"),
    "not_found": _l("没有找到这一页或这条记录，它可能不存在，也可能不在您的管理范围内。"),
    "method_not_allowed": _l("这个地址不接受这种请求。"),
    "conflict": _l("内容已被别人更改，请刷新后再试。"),
    "busy": _l("系统正忙，本次内容没有保存，请稍后再试。"),
    "unavailable": _l("数据库暂时不可用，本次内容没有保存，请稍后再试。"),
    "internal_error": _l("系统出了差错，已经记录。请稍后再试，或把请求编号告诉管理员。"),
    "too_large": _l("提交的内容太大。"),
    "not_json": _l("请求正文不是有效的 JSON。"),
    "unsupported_media_type": _l("请求的内容类型不受支持。"),
    "bad_request": _l("请求的格式不正确。"),
    "too_many_requests": _l("操作过于频繁，请稍后再试。"),
    "cross_site_request": _l("这个请求来自其他网站，已被拒绝。"),
    "csrf_failed": _l("页面已过期，请刷新后重试。刚才填写的内容没有保存。"),
    "https_needed": _l("请使用 https 地址访问本站。"),
    "token_reads_only": _l("这个接口令牌只能读取数据。"),
    # --- fields
    "required": _l("请填写这一项。"),
    "too_long": _l("最多 {most} 个字符。"),
    "too_short": _l("至少 {least} 个字符。"),
    "out_of_range": _l("应在 {least} 到 {most} 之间。"),
    "unknown_value": _l("没有“{value}”这个选项。"),
    "bad_format": _l("格式不正确。"),
    "unknown_field": _l("没有这一项。"),
    "taken": _l("“{value}”已经存在。"),
    "control_characters": _l("这里有无法识别的控制字符，请删去后重试。"),
    # --- signing in
    "not_signed_in": _l("请先登录。"),
    "bad_credentials": _l("用户名或密码不正确。"),
    "bad_ticket": _l("准考码不正确，或已不在有效时间内。"),
    "locked": _l("连续多次登录失败，请在 {until} 之后再试，或请管理员重置密码。"),
    "password_change_due": _l("请先设置自己的密码。"),
    "password_wrong": _l("当前密码不正确。"),
    "password_too_short": _l("密码至少 {least} 个字符。"),
    "password_too_long": _l("密码最多 {most} 个字符。"),
    "password_too_common": _l("这个密码太常见，请换一个。"),
    "password_contains_name": _l("密码不能包含用户名。"),
    "password_same": _l("新密码不能与当前密码相同。"),
    # --- people, units, grants
    "bad_username": _l("用户名应为 3 至 64 个小写字母、数字或 . _ - ，以字母或数字开头和结尾。"),
    "unknown_unit": _l("没有代码为“{value}”的单位，或不在您的管理范围内。"),
    "unknown_person": _l("没有用户名为“{value}”的人员，或不在您的管理范围内。"),
    "unknown_role": _l("没有“{value}”这个角色。"),
    "unknown_enforcement_field": _l("没有“{value}”这个执法领域。"),
    "unit_has_people": _l("该单位还有 {count} 名人员，不能停用。"),
    "unit_moves_below_itself": _l("不能把单位移到它自己的下级。"),
    "grant_exists": _l("该人员已有这项授权。"),
    "grant_beyond_own": _l("只能授予自己管理范围之内的权限。"),
    "last_administrator": _l("这是最后一名系统管理员，不能撤销或停用。"),
    "not_on_oneself": _l("不能对自己进行这项操作。"),
    # --- attempts
    "not_a_candidate": _l("您不在这场考试的考生名单中。"),
    "not_open": _l("考试尚未开始，开考时间为 {opens_at}。"),
    "closed": _l("这场考试已经结束。"),
    "attempts_used_up": _l("您已交卷，这场考试的作答次数已用完。"),
    "attempt_closed": _l("答卷已提交或作答时间已到，这次的内容没有保存。"),
    "taken_over": _l("这份答卷已在另一个页面或设备上继续作答，本页只能查看。"),
    "no_such_item": _l("试卷中没有第 {number} 题。"),
    "wrong_answer_shape": _l("第 {number} 题的作答格式不正确。"),
    # --- results
    "not_released": _l("成绩尚未公布。"),
    # --- exam hall
    "already_handed_in": _l("该考生已经交卷，不能再延长时间。"),
    "not_started": _l("该考生还没有开始作答，没有可以收回的答卷。"),
}


def _readable(value: Any) -> Any:
    if isinstance(value, datetime):
        return local_time(value)
    if isinstance(value, date):
        return local_date(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value


def sentence(code: str, params: dict[str, Any] | None = None) -> str:
    """Return the sentence of ``code`` with its parameters filled in; a code without one gives the general refusal."""
    text = str(SENTENCES.get(code, SENTENCES["refused"]))
    if "{" not in text:
        return text
    try:
        return text.format_map({name: _readable(value) for name, value in (params or {}).items()})
    except KeyError:
        return str(SENTENCES["refused"])


def add_sentences(table: dict[str, Any]) -> None:
    """Add the sentences of a feature. A code that stands already with another sentence raises ``ValueError``."""
    for code, text in table.items():
        if code in SENTENCES and SENTENCES[code] is not text:
            raise ValueError(f"the code {code!r} has a sentence already")
        SENTENCES[code] = text
