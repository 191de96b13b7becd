"""What one does with an item from its page (审题): submit, withdraw, decide, publish, retire, remark."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from trainer.bank import comments, review, service
from trainer.bank.caller import viewer
from trainer.bank.edit import drop_proposal
from trainer.bank.work_queries import read_work, seen_item
from trainer.core.database import db
from trainer.core.errors import Refused
from trainer.web.access import needs
from trainer.web.arrival import arrived_at
from trainer.web.sentences import refusal_told
from trainer.web.view import LARGEST_ID

bp = Blueprint("bank_review", __name__, url_prefix="/items/<id:item_id>")


def _do(item_id: int, work: Any, done: str = "") -> Any:
    """Do one thing and go back to the item; a refusal is told there. What ``work`` returns is said instead of none."""
    try:
        said = work()
    except Refused as refusal:
        flash(" ".join(refusal_told(refusal)), "danger")
    else:
        flash(done or said, "success")
    return redirect(url_for("bank.show", item_id=item_id, version=_sent("at") or None), 303)


def _sent(name: str) -> int:
    """Return an id or number that the form carries, 0 for none."""
    number = request.form.get(name, 0, type=int)
    return number if 0 < number <= LARGEST_ID else 0


def _who() -> dict[str, Any]:
    seen_item(db.session(), request.view_args["item_id"], viewer(current_user))
    return {"by": current_user.id, "now": arrived_at()}


@bp.post("/submit")
@needs("item.edit")
def submit(item_id):
    who = _who() | {"manages": current_user.may("item.manage")}
    return _do(item_id, lambda: review.submit_item(item_id, **who), _("已提交审题，审题人会收到通知。"))


@bp.post("/withdraw")
@needs("item.edit")
def withdraw(item_id):
    who = _who() | {"manages": current_user.may("item.manage")}
    return _do(item_id, lambda: review.withdraw_item(item_id, **who), _("已撤回，可以继续修改。"))


@bp.post("/drop-proposal")
@needs("item.edit")
def drop(item_id):
    _who()
    manages = current_user.may("item.manage")
    return _do(
        item_id,
        lambda: drop_proposal(item_id, by=current_user.id, manages=manages),
        _("已放弃修改稿，题目保持原样。"),
    )


@bp.post("/approve")
@needs("item.review")
def approve(item_id):
    who, version, text = _who(), _sent("version"), request.form.get("text", "")
    return _do(item_id, lambda: review.approve_item(item_id, version, text=text, **who), _("已审定，题目已发布。"))


@bp.post("/return")
@needs("item.review")
def give_back(item_id):
    who, version, text = _who(), _sent("version"), request.form.get("text", "")
    return _do(item_id, lambda: review.return_item(item_id, version, text=text, **who), _("已退回，作者会收到通知。"))


@bp.post("/publish-wording")
@needs("item.manage")
def publish_wording(item_id):
    who, version = _who(), _sent("version")
    return _do(item_id, lambda: review.publish_wording(item_id, version, **who), _("文字修改已发布。"))


@bp.post("/retire")
@needs("item.manage")
def retire(item_id):
    return _do(item_id, lambda: service.retire_item(item_id, by=current_user.id), _("已下架，今后组卷不再抽到这道题。"))


@bp.post("/republish")
@needs("item.manage")
def republish(item_id):
    def work() -> str:
        _who()
        if service.bring_back(item_id, by=current_user.id) == "draft":
            return _("已恢复为草稿：这道题没有发布过，须经审题才能发布。")
        return _("已重新发布。")

    return _do(item_id, work)


@bp.post("/comments")
@needs("item.view")
def comment(item_id):
    who, version, text = _who(), _sent("version"), request.form.get("text", "")
    if not version:
        version = read_work(db.session(), seen_item(db.session(), item_id, viewer(current_user))).version_id
    return _do(item_id, lambda: comments.add_comment(item_id, version, text=text, **who), _("批注已保存。"))


@bp.post("/comments/<id:comment_id>/settle")
@needs("item.view")
def settle(item_id, comment_id):
    who = _who()
    return _do(item_id, lambda: comments.settle_comment(item_id, comment_id, **who), _("批注已标为处理完毕。"))
