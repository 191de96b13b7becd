"""The bank over the API, for who manages it: the list, bringing files in, taking them out (contract, section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from flask import url_for
from flask_login import current_user
from pydantic import Field, PlainValidator, WithJsonSchema
from werkzeug.datastructures import FileStorage

from question_bank.formats import FORMATS
from question_bank.formats.words import say
from trainer.api.resource import Id, Line, Listing, Shape, Text, api_blueprint, operation
from trainer.bank import exporting
from trainer.bank.caller import list_reserved, today, viewer
from trainer.bank.import_choices import THEN, Choices
from trainer.bank.import_forms import MOST_FILES, assumed
from trainer.bank.import_once import Reading, read_files, take_in
from trainer.bank.import_words import FORMAT_NAMES
from trainer.bank.importing import ImportReport
from trainer.bank.models import ItemRecord
from trainer.bank.queries import ItemFilter, fields_of, items_matching
from trainer.bank.work_queries import may_be_seen_by
from trainer.core.database import db, end_read
from trainer.core.errors import Invalid
from trainer.web.arrival import arrived_at
from trainer.web.locale import is_english
from trainer.web.view import download

bp = api_blueprint("items_api")

Kind = Literal[
    "single_choice",
    "multiple_choice",
    "true_false",
    "fill_blank",
    "ordering",
    "matching",
    "error_finding",
    "short_answer",
    "case_study",
]
State = Literal["draft", "in_review", "published", "retired", "quarantined"]
Pool = Literal["open", "reserved"]
Level = Literal["recall", "understand", "apply", "case"]
Choice = Literal["skip", "version", "both"]
Readable = Literal[
    "aiken", "excel", "gift", "json", "moodle_xml", "qti_12", "qti_22", "qti_30", "tables", "text", "word"
]
Writable = Literal["aiken", "excel", "gift", "json", "moodle_xml", "qti_22", "qti_30", "word"]
MEDIA_TYPES = tuple(dict.fromkeys(one.media_type for one in FORMATS.values() if one.writer))


def _file(value: Any) -> FileStorage:
    if not isinstance(value, FileStorage):
        raise ValueError("a file is wanted")
    return value


File = Annotated[Any, PlainValidator(_file), WithJsonSchema({"type": "string", "format": "binary"})]


class ItemsWanted(Shape):
    """What items are asked for; an empty part asks for nothing."""

    words: Text = Field("", max_length=80, description="all have to occur in the id, the stem or the options")
    kind: Kind | None = None
    wing: Text | None = Field(None, max_length=24)
    topic: Text | None = Field(None, max_length=40)
    field: Text | None = Field(None, max_length=32)
    law: Text | None = Field(None, max_length=80)
    difficulty: int | None = Field(None, ge=1, le=5)
    state: State | None = None
    pool: Pool | None = None

    def filter(self) -> ItemFilter:
        """Return this as the bank asks for it."""
        return ItemFilter(
            words=self.words,
            kind=self.kind or "",
            wing=self.wing or "",
            topic=self.topic or "",
            field=self.field or "",
            state=self.state or "",
            difficulty=self.difficulty,
            law=self.law or "",
            pool=self.pool or "",
        )


class ItemsQuery(ItemsWanted, Listing):
    """A page of the list of items; ``after`` is the id of the last one before it."""


class ItemLineOut(Shape):
    """An item of the list. The key is not in it: that is what the export is for."""

    id: Id
    code: str = Field(description="the id of the item in files")
    kind: str
    wing: str
    topic: str
    fields: list[str]
    difficulty: int
    level: str
    pool: str
    state: str
    stem: str


class ItemListOut(Shape):
    items: list[ItemLineOut]
    next: str | None


class ItemsImportIn(Shape):
    """Files of questions, and what holds where they are silent."""

    file: list[File] = Field(min_length=1, max_length=MOST_FILES)
    format: Readable | None = Field(None, description="found out where it is not given")
    dry_run: bool = Field(False, description="tell what would happen and store nothing")
    topic: Text | None = Field(None, max_length=40)
    fields: list[Text] = Field([], max_length=50)
    difficulty: int | None = Field(None, ge=1, le=5)
    level: Level | None = None
    pool: Pool | None = None
    source: Line | None = None
    again: Choice = Field("skip", description="for questions that the bank has in another text")
    same_stem: Choice = Field("both", description="for questions of which the bank has the stem alone")
    then: Literal["draft", "review", "publish"] = Field(
        "draft",
        description="publish: mends of the wording stand at once; a first publication and a change of key need another "
        "person whatever is asked",
    )
    leave_out_refused: bool = Field(False, description="take the sound questions in though others are refused")


class ToldOut(Shape):
    """Something that was put right, or that keeps a question out. ``confidence`` is empty for the latter."""

    place: str
    code: str
    confidence: Literal["certain", "likely", "doubtful", ""]
    message: str
    before: str = ""
    after: str = ""


class ItemFoundOut(Shape):
    """One question of a file. ``other`` is the item of the bank, ``row`` the earlier question that it equals."""

    number: int
    file: str
    sheet: str
    line: int | None
    outcome: Literal["new", "again", "same_stem", "twice", "unchanged", "refused"]
    code: str | None
    other: str | None
    row: int | None
    other_key: bool
    problems: list[ToldOut]
    repairs: list[ToldOut]
    not_kept: list[str]
    near: list[str]


class FileReadOut(Shape):
    name: str
    format: str | None
    problem: ToldOut | None
    notes: list[ToldOut]


class ItemsImportedOut(Shape):
    """What an import did, or would do. Where ``stored`` is false nothing was stored."""

    stored: bool
    dry_run: bool
    counts: dict[str, int]
    added: list[str]
    changed: list[str]
    proposed: list[str]
    unchanged: list[str]
    busy: list[str]
    files: list[FileReadOut]
    items: list[ItemFoundOut]


class ItemsExportQuery(ItemsWanted):
    """What to export. Without ``state`` what is published, without ``pool`` the open one."""

    format: Writable
    answers: Literal["beside", "end", "none"] = Field("beside", description="for Word")


@operation(
    bp,
    "GET",
    "/items",
    needs_permission="item.manage",
    summary="Items of the bank, by their codes",
    query=ItemsQuery,
    answers={200: ItemListOut},
)
def index(query: ItemsQuery) -> Any:
    session = db.session()
    rows = items_matching(query.filter(), today()).where(may_be_seen_by(viewer(current_user)))
    rows = rows.add_columns(ItemRecord.level, ItemRecord.pool)
    if query.after is not None:
        rows = rows.where(ItemRecord.code > query.after)
    found = session.execute(rows.limit(query.limit + 1)).all()
    shown = found[: query.limit]
    list_reserved(current_user, [row.id for row in shown])
    fields = fields_of(session, [row.id for row in shown])
    items = [
        ItemLineOut(
            id=str(row.id),
            code=row.code,
            kind=row.kind,
            wing=row.wing,
            topic=row.topic,
            fields=fields.get(row.id, []),
            difficulty=row.difficulty,
            level=row.level,
            pool=row.pool,
            state=row.state,
            stem=row.public["stem"],
        )
        for row in shown
    ]
    more = None
    if len(found) > query.limit:
        asked = query.model_dump(exclude_defaults=True) | {"limit": query.limit, "after": shown[-1].code}
        more = url_for("items_api.index", **asked)
    return ItemListOut(items=items, next=more)


@operation(
    bp,
    "POST",
    "/items/import",
    needs_permission="item.manage",
    summary="Import files of questions: all of it or nothing",
    body=ItemsImportIn,
    multipart=True,
    answers={200: ItemsImportedOut},
    problems={
        409: ("import_bank_changed",),
        422: ("reading_failed", "reads_too_slowly", "reads_too_large", "too_many_questions"),
    },
)
def bring_in(body: ItemsImportIn) -> Any:
    defaults = assumed(
        topic=body.topic,
        fields=list(body.fields),
        difficulty=body.difficulty,
        level=body.level,
        pool=body.pool,
        source=body.source,
    )
    files = [(_name(one.filename), one.read()) for one in body.file]
    end_read()
    language = "en" if is_english() else "zh"
    with read_files(files, format=body.format or "", defaults=defaults, language=language) as reading:
        readable = all(one["problem"] is None for one in reading.summary["files"])
        sound = reading.is_whole or (body.leave_out_refused and readable)
        report = ImportReport()
        if sound:
            report = take_in(
                reading,
                Choices(body.again, body.same_stem, body.then),
                THEN[body.then],
                by=current_user.id,
                now=arrived_at(),
                note=", ".join(name for name, _content in files),
                dry_run=body.dry_run,
            )
        names = ("added", "changed", "proposed", "unchanged", "busy")
        return ItemsImportedOut(
            stored=sound and not body.dry_run,
            dry_run=body.dry_run,
            counts=reading.counts,
            files=[_read(one, language) for one in reading.summary["files"]],
            items=list(_found(reading, language)),
            **{name: list(getattr(report, name)) for name in names},
        )


def _name(name: str | None) -> str:
    return "".join(letter for letter in name or "" if letter.isprintable())[-180:] or "?"


def _repair(told: list[Any], language: str) -> ToldOut:
    place, code, confidence, before, after, params, _kind = told
    return ToldOut(
        place=place,
        code=code,
        confidence=confidence,
        message=say(code, params, language),
        before=before,
        after=after,
    )


def _problem(place: str, code: str, params: dict[str, Any], language: str) -> ToldOut:
    return ToldOut(place=place, code=code, confidence="", message=say(code, params, language))


def _read(about: dict[str, Any], language: str) -> FileReadOut:
    return FileReadOut(
        name=about["name"],
        format=about["format"] if about["format"] in FORMAT_NAMES else None,
        problem=_problem("", *about["problem"], language) if about["problem"] else None,
        notes=[_repair(note, language) for note in about["notes"]],
    )


def _found(reading: Reading, language: str) -> Iterator[ItemFoundOut]:
    for row in reading.findings.all_rows():
        _inner, sheet, in_row, in_line = row["place"]
        yield ItemFoundOut(
            number=row["n"],
            file=reading.summary["files"][row["file"]]["name"],
            sheet=sheet,
            line=in_row or in_line,
            outcome=row["outcome"],
            code=row["body"]["id"] if "body" in row else None,
            other=row["other"] or None,
            row=row["row"] or None,
            other_key=row["key"],
            problems=[_problem(*one, language) for one in row["problems"]],
            repairs=[_repair(one, language) for one in row["repairs"] if one[6] != "lost"],
            not_kept=[say(one[1], {}, language) for one in row["repairs"] if one[6] == "lost"],
            near=[str(one) for one in row["near"]],
        )


@operation(
    bp,
    "GET",
    "/items/export",
    needs_permission="item.manage",
    summary="Items of the bank as a file, with keys and explanations",
    query=ItemsExportQuery,
    answers={200: None},
    files=MEDIA_TYPES,
)
def take_out(query: ItemsExportQuery) -> Any:
    wanted = query.model_copy(update={"state": query.state or "published"}).filter()
    items = exporting.items_for(db.session(), wanted, viewer(current_user), today())
    end_read()
    if not items:
        raise Invalid.at("format", "nothing_to_export")
    made = exporting.export(items, query.format, by=current_user.id, answers=query.answers)
    return download(made.content, made.name, made.media_type)
