"""Words for imports and exports of questions: formats, what a question is to the bank, what may be done with it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

FORMAT_NAMES: dict[str, Any] = {
    "aiken": _l("Aiken 文本"),
    "excel": _l("Excel 题库模板"),
    "gift": _l("Moodle GIFT 文本"),
    "json": _l("本站题库 JSON"),
    "moodle_xml": _l("Moodle XML"),
    "qti_12": _l("QTI 1.2（Canvas、Blackboard 等）"),
    "qti_22": _l("QTI 2.1、2.2"),
    "qti_30": _l("QTI 3.0"),
    "tables": _l("其他系统的表格（Excel、CSV）"),
    "text": _l("试卷文字"),
    "word": _l("Word 试卷"),
}
OUTCOME_NAMES: dict[str, Any] = {
    "new": _l("新题"),
    "again": _l("题库已有"),
    "same_stem": _l("题干相同"),
    "twice": _l("文件内重复"),
    "unchanged": _l("没有变化"),
    "refused": _l("未通过"),
}
CHOICE_NAMES: dict[str, Any] = {
    "take": _l("导入"),
    "skip": _l("不导入"),
    "version": _l("作为原题的新版本"),
    "both": _l("另存为一道新题"),
}
THEN_NAMES: dict[str, Any] = {
    "draft": _l("新题存为草稿"),
    "review": _l("新题提交审题"),
    "publish": _l("新题提交审题，只改文字的直接发布"),
}
CONFIDENCE_NAMES: dict[str, Any] = {"certain": _l("已处理"), "likely": _l("请留意"), "doubtful": _l("请核对")}
PHASE_NAMES: dict[str, Any] = {
    "open": _l("正在打开文件"),
    "read": _l("正在读取各行"),
    "check": _l("正在检查试题"),
    "compare": _l("正在与题库比对"),
    "write": _l("正在整理预览"),
    "take": _l("正在写入题库"),
}
BATCH_STATE_NAMES: dict[str, Any] = {
    "reading": _l("正在读取"),
    "preview": _l("待确认"),
    "refused": _l("无法读取"),
    "applying": _l("正在写入"),
    "applied": _l("已导入"),
}
ANSWER_NAMES: dict[str, Any] = {
    "beside": _l("每题后面"),
    "end": _l("集中在最后"),
    "none": _l("不要答案"),
}
