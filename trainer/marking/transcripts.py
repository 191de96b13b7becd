"""Transcripts (成绩单): what an attempt brought, section by section, as a document that anybody can check by its code.

A transcript is made of the result as it stands and stored nowhere: one that was made before a correction no longer
checks out. It exists from the release on, whether passed or not, and never for a mock exam, which counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from trainer.accounts.models import User
from trainer.attempts.models import Attempt
from trainer.attempts.rules.verification import code_of
from trainer.documents.blocks import Block, Grid, Line
from trainer.exams.models import Candidate, Exam
from trainer.marking.grading import PaperKey, keys_of
from trainer.marking.models import Result
from trainer.marking.queries import released_scores
from trainer.marking.rules import SectionProfile, profile
from trainer.marking.rules.regrade import DROP
from trainer.orgs.models import Unit
from trainer.papers.models import Paper
from trainer.web.locale import decimal_text, local_time


@dataclass(frozen=True)
class Transcript:
    """What a transcript says. ``unit`` is that for which the person was named, ``organiser`` that of the exam.

    ``submitted_at`` is aware UTC; ``pass_mark`` and ``passed`` are None for an exam without a pass mark.
    """

    attempt_id: int
    exam_id: int
    name: str
    username: str
    unit: str
    exam: str
    organiser: str
    organiser_id: int
    submitted_at: datetime
    score: Decimal
    max_points: Decimal
    pass_mark: Decimal | None
    passed: bool | None
    correct_count: int
    item_count: int
    sections: tuple[SectionProfile, ...]
    code: str = ""


def transcript_of(session: Session, attempt_id: int, key: bytes, now: datetime) -> Transcript | None:
    """Return the transcript of an attempt, its code made with ``key``; None before the release and for a mock exam.

    Three statements, and more for a paper that the process does not know yet.
    """
    if attempt_id not in released_scores(session, [attempt_id], now):
        return None
    organiser = aliased(Unit)
    row = session.execute(
        select(
            Result,
            Exam,
            User,
            Unit.name.label("unit"),
            organiser.name.label("organiser"),
            Paper.document,
            Attempt.paper_id,
        )
        .join(Attempt, Attempt.id == Result.attempt_id)
        .join(Candidate, Candidate.id == Attempt.candidate_id)
        .join(Exam, Exam.id == Attempt.exam_id)
        .join(User, User.id == Attempt.user_id)
        .join(Unit, Unit.id == Candidate.unit_id)
        .join(organiser, organiser.id == Exam.unit_id)
        .join(Paper, Paper.id == Attempt.paper_id)
        .where(Result.attempt_id == attempt_id, ~Exam.is_mock)
    ).first()
    if row is None:
        return None
    result, exam, user = row.Result, row.Exam, row.User
    keys = keys_of(session, row.paper_id, exam.id, result.repairs_no)
    sections = _sections(row.document, keys, result.marks)
    made = Transcript(
        attempt_id=attempt_id,
        exam_id=exam.id,
        name=user.name,
        username=user.username,
        unit=row.unit,
        exam=exam.title,
        organiser=row.organiser,
        organiser_id=exam.unit_id,
        submitted_at=result.submitted_at,
        score=result.score,
        max_points=result.max_points,
        pass_mark=exam.pass_mark,
        passed=result.passed,
        correct_count=result.correct_count,
        item_count=sum(1 for key in keys if key.outcome != DROP),
        sections=sections,
    )
    return replace(made, code=code_of(key, *_facts(made, user.id)))


def best_attempt(session: Session, exam_id: int, user_id: int) -> int | None:
    """Return the attempt of a person that stands in an exam, as lists of results take it; None without a result."""
    order = (Result.score.desc(), Result.seconds_used, Result.attempt_id)
    rows = select(Result.attempt_id).where(Result.exam_id == exam_id, Result.user_id == user_id)
    return session.scalar(rows.order_by(*order).limit(1))


def _sections(document: bytes, keys: Sequence[PaperKey], marks: Sequence[dict[str, Any]]) -> tuple[SectionProfile, ...]:
    titles = [part["title"] for part in orjson.loads(document)["sections"]]
    items = [
        {
            "section": titles[key.section - 1],
            "points": mark["points"],
            "max_points": key.points,
            "correct": mark["correct"],
        }
        for key, mark in zip(keys, marks, strict=True)
    ]
    return tuple(profile(items))


def _facts(one: Transcript, user_id: int) -> list[object]:
    """Return what the code stands for: whatever a reader relies on. The first tells a transcript from a certificate."""
    facts: list[object] = ["transcript", one.attempt_id, user_id, one.name, one.exam_id, one.exam, one.organiser]
    facts += [one.submitted_at.isoformat(), one.score, one.max_points, one.pass_mark, one.passed]
    for part in one.sections:
        facts += [part.title, f"{part.score:.2f}", f"{part.max_points:.2f}"]
    return facts


def verdict(one: Transcript) -> str:
    """Return what came of it in words; empty without a pass mark."""
    if one.passed is None:
        return ""
    return str(_("合格") if one.passed else _("不合格"))


def transcript_blocks(one: Transcript, address: str, now: datetime) -> list[Block]:
    """Return the document; ``address`` is where its code is checked."""
    score = _("%(n)s 分，满分 %(max)s 分", n=decimal_text(one.score), max=decimal_text(one.max_points))
    rows = [
        (_("姓名"), one.name),
        (_("用户名"), one.username),
        (_("单位"), one.unit),
        (_("参加的考试"), one.exam),
        (_("组织单位"), one.organiser),
        (_("交卷时间"), local_time(one.submitted_at)),
        (_("得分"), score),
    ]
    if one.passed is not None and one.pass_mark is not None:
        told = _("%(verdict)s（合格线 %(n)s 分）", verdict=verdict(one), n=decimal_text(one.pass_mark))
        rows.append((_("结果"), told))
    rows.append((_("答对"), _("%(n)s 题，共 %(all)s 题", n=one.correct_count, all=one.item_count)))
    blocks: list[Block] = [Line(_("成绩单"), "title", centred=True), Grid(tuple(rows), (1, 3))]
    if one.sections:
        head = (_("部分"), _("得分"), _("满分"), _("答对题数"))
        lines = tuple(
            (part.title, _("已作废"), "–", "–")
            if part.is_dropped
            else (
                part.title,
                decimal_text(part.score),
                decimal_text(part.max_points),
                f"{part.correct_count}/{part.item_count}",
            )
            for part in one.sections
        )
        blocks += [Line(_("各部分得分"), "head", keeps_next=True), Grid((head, *lines), (4, 1, 1, 1), head=True)]
    blocks += [
        Line(_("核对"), "head", keeps_next=True),
        Grid(((_("编号"), str(one.attempt_id), _("验证码"), one.code),), (3, 3, 4, 6)),
        Line(
            _("核对真伪：在 %(address)s 填写编号和验证码。成绩如被更正，原成绩单不再有效。", address=address), "small"
        ),
        Line(_("出具于 %(time)s", time=local_time(now)), "small"),
    ]
    return blocks
