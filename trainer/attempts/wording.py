"""The words of attempts for pages and workbooks: what a candidate's page noticed, and what invigilators did."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

INCIDENT_NAMES: dict[str, Any] = {
    "focus_loss": _l("离开考试页面"),
    "network_loss": _l("连接中断"),
    "taken_over": _l("在另一处继续作答"),
    "other": _l("其他情况"),
    "stopped": _l("监考员停止原设备"),
    "forced": _l("监考员强制交卷"),
}
