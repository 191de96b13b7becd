"""What waits in the inboxes of the demonstration accounts, and what people said about the site."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from trainer.demo.ground import Ground, city_time
from trainer.demo.loading_training import confirmed_at
from trainer.notices.models import Feedback, Notice

SHOWN_CLASSES = 4
# days ago, page, text, answer
FEEDBACK: tuple[tuple[int, str, str, str | None], ...] = (
    (26, "/practice", "希望错题本能按法律分类查看，复习起来更有针对性。",
     "感谢建议。练习页面已经可以按法律选题，错题本按法律筛选列入下一次更新。"),
    (18, "/hours", "上半年参加省厅培训的学时能不能由单位统一导入，不用每人再填一遍？",
     "可以。请把签到册交给单位培训管理员，由其登记培训班并导入名单，个人不需要填写。"),
    (6, "/exams", "基层网络不太稳定，考试时断网的话答案会不会丢？", None),
    (2, "/practice", "有一道关于听证告知期限的题，解析里的条款能否附上原文链接？", None),
)  # fmt: skip


def load_class_notices(ground: Ground, class_ids: dict[str, int]) -> None:
    """Tell the demonstration accounts of their latest hours, and the head of what is to be confirmed."""
    accounts = {account.username for account in ground.story.accounts}
    rows: list[dict[str, Any]] = []
    held = [spec for spec in ground.story.classes if spec.state == "confirmed"]
    for username in sorted(accounts):
        mine = [spec for spec in held if username in spec.roll]
        for spec in mine[-SHOWN_CLASSES:]:
            at = confirmed_at(ground, spec)
            key = f"class:{class_ids[spec.code]}:confirmed"
            params = {"title": spec.title, "hours": str(spec.credit_hours)}
            url = f"/hours?year={spec.held_on.year}"
            rows.append(_notice(ground, username, "hours_credited", key, params, url, at))
    waiting = [spec for spec in ground.story.classes if spec.state == "submitted"]
    for spec in waiting if "head" in accounts else ():
        at = min(city_time(spec.held_on, 17), city_time(ground.story.today, 0))
        class_id = class_ids[spec.code]
        key = f"class:{class_id}:submitted:{at.isoformat()}"
        rows.append(
            _notice(ground, "head", "class_to_confirm", key, {"title": spec.title}, f"/training/{class_id}", at)
        )
    ground.put(Notice, rows)


def _notice(
    ground: Ground, username: str, code: str, key: str, params: dict[str, str], url: str, at: datetime
) -> dict[str, Any]:
    old = at < ground.now - timedelta(days=30)
    return {
        "user_id": ground.users[username],
        "key": key,
        "code": code,
        "params": params,
        "url": url,
        "created_at": at,
        "read_at": at + timedelta(days=1) if old else None,
    }


def load_feedback(ground: Ground) -> None:
    """Put in a few complaints and suggestions, the older ones answered by the administrator."""
    random = ground.chance("feedback")
    writers = [person.username for person in ground.story.people if person.category == "officer"]
    # The first writer is the officer whom a visitor may sign in as, so that there is an answer to be read.
    chosen = [writers[0], *random.choices(writers, k=len(FEEDBACK) - 1)]
    rows = []
    for username, (days_ago, page, text, answer) in zip(chosen, FEEDBACK, strict=True):
        written = city_time(ground.story.today - timedelta(days=days_ago), 20, random.randrange(60))
        rows.append(
            {
                "user_id": ground.users[username],
                "unit_id": ground.unit_of[username],
                "page": page,
                "text": text,
                "state": "answered" if answer else "new",
                "answer": answer,
                "answered_by": ground.users["admin"] if answer else None,
                "answered_at": written + timedelta(days=2) if answer else None,
                "created_at": written,
            }
        )
    ground.put(Feedback, rows)
