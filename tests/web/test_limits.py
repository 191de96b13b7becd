"""What is dear to make is made twenty times a minute for one person, and nobody else waits for that."""

from trainer.web.limits import DEAR

MOST = int(DEAR.split()[0])


def test_a_workbook_is_refused_beyond_the_limit_with_the_time_to_wait(as_user):
    clerk, other = as_user("clerk"), as_user("supervisor")
    for _ in range(MOST):
        assert clerk.get("/people/roster/template.xlsx").status_code == 200
    refused = clerk.get("/people/roster/template.xlsx", headers={"Accept": "application/json"})
    assert refused.status_code == 429
    assert refused.json["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "操作过于频繁" in clerk.get("/people/roster/template.xlsx").text
    assert other.get("/reports/hours.xlsx").status_code == 200
    assert clerk.get("/people").status_code == 200


def test_saves_and_hand_ins_have_no_limit(site):
    from trainer.web.limits import limiter

    limited = {name.rsplit(".", 1)[1] for name in limiter._marked_for_limiting}
    assert limited
    assert not limited & {"save", "save_responses", "submit", "hand_in", "start"}
