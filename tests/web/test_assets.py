"""Static files and packed answers."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.attempts.factories import make_exam
from tests.conftest import NINE
from trainer.web.assets import Assets, asset, modules, symbols

STATIC = Path(__file__).resolve().parents[2] / "static"
PACKED = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of three scripts, the first of which reaches both others."""
    monkeypatch.setattr("trainer.web.assets.TRUSTED_SECONDS", 0)
    (tmp_path / "js" / "kinds").mkdir(parents=True)
    (tmp_path / "js" / "main.js").write_text('import { a } from "./kinds/a.js";\nconsole.log(a);\n')
    (tmp_path / "js" / "kinds" / "a.js").write_text('import { b } from "../b.js";\nexport const a = b;\n')
    (tmp_path / "js" / "b.js").write_text("export const b = 1;\n")
    return tmp_path


def test_an_import_carries_the_mark_of_what_it_names(folder):
    files = Assets(folder)
    main = files.find("js/main.js")
    assert main.reaches == ("js/kinds/a.js", "js/b.js")
    assert f'"./kinds/a.js?v={files.find("js/kinds/a.js").mark}"'.encode() in main.content
    assert f'"../b.js?v={files.find("js/b.js").mark}"'.encode() in files.find("js/kinds/a.js").content


def test_a_change_far_down_gives_new_addresses_all_the_way_up(folder):
    files = Assets(folder)
    before = {name: files.find(name).mark for name in ("js/main.js", "js/kinds/a.js", "js/b.js")}
    assert {name: files.find(name).mark for name in before} == before
    (folder / "js" / "b.js").write_text("export const b = 2; // longer\n")
    assert all(files.find(name).mark != mark for name, mark in before.items())
    assert files.find("js/b.js").mark in files.find("js/kinds/a.js").content.decode()


def test_scripts_that_import_each_other_have_marks_too(folder):
    (folder / "js" / "b.js").write_text('import { a } from "./kinds/a.js";\nexport const b = () => a;\n')
    assert Assets(folder).find("js/b.js").reaches == ("js/kinds/a.js",)


def test_every_import_of_ours_is_one_that_is_found():
    files = Assets(STATIC)
    for path in STATIC.glob("js/**/*.js"):
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(STATIC))
        named = re.findall(r'^\s*(?:import|export)\b[^;]*?"(\.[^"]+)"', text, re.MULTILINE)
        assert files.find(name).content.decode().count(".js?v=") == len(named), name
        assert "import(" not in text, name


def test_a_file_is_kept_for_a_year_under_the_address_of_what_it_holds(app, client):
    with app.test_request_context():
        address = asset("js/exam/main.js")
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.mimetype == "text/javascript"
    unmarked = "/static/js/exam/main.js"
    for old in (f"{unmarked}?v=0123456789", unmarked):
        assert client.get(old).headers["Cache-Control"] == "no-cache"
    again = client.get(unmarked, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["js/exam/main.js", "css/exam.css", "vendor/icons.svg", "vendor/echarts.min.js"])
def test_a_file_goes_packed_to_who_unpacks_it(client, name):
    plain, packed = client.get(f"/static/{name}"), client.get(f"/static/{name}", headers=PACKED)
    assert "Content-Encoding" not in plain.headers
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    refused = client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize(
    "path",
    ["nothing.js", "js", "../requirements.txt", "js/%00.js", "js/../../wsgi.py", "js/./forms.js", "js/../js/forms.js"],
)
def test_what_is_no_static_file_is_not_found(client, path):
    assert client.get(f"/static/{path}").status_code == 404


def test_the_hall_names_all_scripts_at_once_and_draws_its_own_icons(app, city, as_user, clock):
    clock(NINE)
    page = as_user("officer").get(f"/exams/{make_exam(city, NINE).exam_id}/hall").text
    with app.test_request_context():
        told = [asset("js/exam/main.js"), *modules("js/exam/main.js")]
    assert re.findall(r'<link rel="modulepreload" href="([^"]+)">', page) == told
    assert len(told) == len(list(STATIC.glob("js/exam/**/*.js"))) + 2
    assert "icons.svg" not in page
    used = set(re.findall(r'<use href="#icon-([^"]+)"', page))
    assert used <= set(re.findall(r'<symbol id="icon-([^"]+)"', page))


def test_every_icon_that_the_hall_may_draw_is_in_it():
    template = (STATIC.parent / "templates" / "attempts" / "hall.html").read_text(encoding="utf-8")
    listed = set(re.findall(r'"([^"]+)"', re.search(r"set icons = \[(.*?)\]", template).group(1)))
    named = set(re.findall(r'icon\("([^"]+)"', template))
    for names in re.findall(r"for name in \[(.*?)\]", template):
        named |= set(re.findall(r'"([^"]+)"', names))
    assert listed == named


def test_an_unknown_icon_is_a_defect(app):
    with app.test_request_context(), pytest.raises(KeyError):
        symbols(["no-such-icon"])


def test_documents_of_the_api_go_packed_and_tokens_do_not(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE, count=40)
    officer = as_user("officer")
    started = officer.post(f"/api/v1/exams/{exam.exam_id}/attempts", headers=PACKED)
    assert (started.status_code, started.headers["Content-Encoding"]) == (201, "gzip")
    assert set(started.vary) == {"Accept-Encoding", "Cookie"}
    assert gzip.decompress(started.data).decode().count('"number"') >= 40
    assert int(started.headers["Content-Length"]) == len(started.data) < 6_000
    assert "Content-Encoding" not in officer.get(f"/api/v1/exams/{exam.exam_id}/attempts").headers
    for path in ("/api/v1/me", "/exams/mine?words=" + "x" * 2000):
        assert "Content-Encoding" not in officer.get(path, headers=PACKED).headers
    hall = as_user("officer2").get(f"/exams/{exam.exam_id}/hall", headers=PACKED)
    assert hall.headers["Content-Encoding"] == "gzip"
    assert "csrf-token" in gzip.decompress(hall.data).decode()


def test_a_document_that_has_not_changed_is_not_sent_again(city, as_user, clock):
    clock(NINE)
    exam = make_exam(city, NINE)
    board = f"/exams/{exam.exam_id}/watch/state"
    first = as_user("invigilator").get(board, headers=PACKED)
    again = as_user("invigilator").get(board, headers={**PACKED, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
