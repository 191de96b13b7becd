"""The pages of the tree: what each caller sees, refusals at the field, the places of another county."""

from __future__ import annotations

import pytest

from trainer.orgs.models import Unit


def test_a_county_supervisor_sees_the_county_and_no_other(as_user, city):
    page = as_user("county").get("/units").text
    assert "蓬江区市场监督管理局" in page
    assert "新会区" not in page
    assert "新建单位" not in page


def test_the_tree_counts_officers_below(as_user, city):
    page = as_user("county").get("/units").text
    row = page[page.index("蓬江区</a>") :]
    assert '<td class="num">4</td>' in row[: row.index("</tr>")]


def test_a_search_shows_what_was_found_with_what_is_above(as_user, city):
    page = as_user("supervisor").get("/units?q=白沙").text
    assert "蓬江区</a>" in page
    assert "新会区" not in page
    assert "没有名称或代码含" in as_user("supervisor").get("/units?q=zzz").text


@pytest.mark.parametrize(("username", "status"), [("supervisor", 200), ("county", 404), ("clerk", 403)])
def test_the_page_of_a_unit_is_there_for_its_scope_alone(as_user, city, username, status):
    assert as_user(username).get(f"/units/{city.units['XH-CGJ']}").status_code == status


def test_a_unit_is_entered_changed_and_moved_by_forms(as_user, city, session):
    admin = as_user("admin")
    sent = {"name": "蓬江区新设局", "code": "pj-x", "kind": "department", "parent_id": city.units["PJ"], "sort": "2"}
    made = admin.post("/units/new", data=sent)
    assert made.status_code == 302
    unit_id = int(made.location.rsplit("/", 1)[1])
    assert "蓬江区新设局" in admin.get(made.location).text
    changed = sent | {"name": "改名局"}
    assert admin.post(f"/units/{unit_id}/edit", data=changed).status_code == 302
    assert admin.post(f"/units/{unit_id}/move", data={"parent_id": city.units["XH"]}).status_code == 302
    unit = session.get(Unit, unit_id)
    assert (unit.name, unit.parent_id, unit.code) == ("改名局", city.units["XH"], "PJ-X")


def test_a_taken_code_is_said_at_its_field_and_the_input_is_kept(as_user, city):
    sent = {"name": "另一个局", "code": "PJ-CGJ", "kind": "department", "parent_id": city.units["PJ"]}
    answer = as_user("admin").post("/units/new", data=sent)
    assert answer.status_code == 422
    assert "“PJ-CGJ”已经存在" in answer.text
    assert 'value="另一个局"' in answer.text


def test_moving_below_itself_is_not_offered_and_refused_at_the_field(as_user, city):
    admin = as_user("admin")
    assert f'value="{city.units["PJ-BS"]}"' not in admin.get(f"/units/{city.units['PJ']}/move").text
    answer = admin.post(f"/units/{city.units['PJ']}/move", data={"parent_id": city.units["PJ-BS"]})
    assert answer.status_code == 422
    assert "parent_id-error" in answer.text


def test_a_refused_closing_is_said_on_the_page(as_user, city):
    admin = as_user("admin")
    answer = admin.post(f"/units/{city.units['PJ-CGJ']}/close", follow_redirects=True)
    assert "该单位还有 4 名人员，不能停用" in answer.text


def test_fields_are_set_line_by_line_and_errors_stand_at_the_line_that_was_filled_in(as_user, city):
    admin, address = as_user("admin"), f"/units/{city.units['PJ-SCJ']}/fields"
    lines = {"entries-0-field": "", "entries-1-field": "water", "entries-1-since": "2026-02-01"}
    answer = admin.post(address, data=lines | {"entries-1-until": "2026-01-01"})
    assert answer.status_code == 422
    assert answer.text.index("结束日期不能早于开始日期") > answer.text.index("entries-1-until")
    assert admin.post(address, data=lines).status_code == 302
    page = admin.get(f"/units/{city.units['PJ-SCJ']}").text
    assert "水利" in page
    assert "自2026年2月1日起" in page
    assert "市场监管" not in page


def test_closing_and_reopening_by_buttons(as_user, city, session):
    admin = as_user("admin")
    sent = {"name": "空局", "code": "PJ-E", "kind": "department", "parent_id": city.units["PJ"]}
    address = admin.post("/units/new", data=sent).location
    assert "单位已停用" in admin.post(f"{address}/close", follow_redirects=True).text
    assert "空局" not in admin.get("/units").text
    assert "空局" in admin.get("/units?closed=1").text
    assert "单位已恢复使用" in admin.post(f"{address}/reopen", follow_redirects=True).text


def test_the_tree_takes_a_fixed_number_of_statements(as_user, city, count_queries):
    client = as_user("supervisor")
    client.get("/units")
    with count_queries() as seen:
        client.get("/units")
    assert len(seen) <= 8
