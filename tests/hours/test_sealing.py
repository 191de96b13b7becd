"""Sealing both chains, and finding what was done to them behind the site's back."""

import threading

import pytest
from sqlalchemy import select, text

from tests.hours.factories import entries, give_hours
from trainer.audit.models import Entry
from trainer.core import seals
from trainer.core.database import db, transaction
from trainer.core.seals import ChainBroken
from trainer.hours.models import LedgerEntry
from trainer.hours.sealing import adopt_heads, glance, seal, verify


@pytest.fixture
def keys(tmp_path):
    return tmp_path


@pytest.fixture
def sealed(city, keys):
    """Five sealed entries of the ledger; their audit entries are sealed with them."""
    for hours in (1, 2, 3, 4, 5):
        give_hours(city.people["officer"], hours)
    seal(keys)
    return keys


def _run(statement, **values):
    with transaction() as session:
        session.execute(text(statement), values)
    db.session.expire_all()


def test_sealing_numbers_rows_in_order_and_a_second_run_does_nothing(city, keys, count_queries):
    for hours in (1, 2):
        give_hours(city.people["officer"], hours)
    assert seal(keys) == 4
    with count_queries() as seen:
        assert seal(keys) == 0
    assert len(seen) == 2
    db.session.expire_all()
    assert [(one.chain_no, len(one.mac)) for one in entries()] == [(1, 32), (2, 32)]
    give_hours(city.people["officer"], 3)
    assert seal(keys) == 2
    assert verify("hours", keys) == (3, 0, None)
    assert verify("audit", keys) == (3, 0, None)


def test_rows_beyond_one_batch_are_sealed_too(city, keys, monkeypatch):
    monkeypatch.setattr(seals, "BATCH", 2)
    for hours in (1, 2, 3, 4, 5):
        give_hours(city.people["officer"], hours)
    seal(keys)
    assert verify("hours", keys) == (5, 0, None)


def test_an_empty_table_is_in_order_and_needs_no_key(city, keys):
    assert seal(keys) == 0
    assert verify("hours", keys) == (0, 0, None)
    assert list(keys.iterdir()) == []


def test_key_and_heads_are_for_the_owner_alone(sealed):
    assert {path.name for path in sealed.iterdir()} == {"hours.key", "audit.key", "heads.json"}
    assert {path.stat().st_mode & 0o777 for path in sealed.iterdir()} == {0o600}


def _third():
    return db.session.scalar(select(LedgerEntry.id).where(LedgerEntry.chain_no == 3))


@pytest.mark.parametrize(
    "change",
    [
        "hours = 6000",
        "title = 'x'",
        "user_id = user_id + 1",
        "note = 'x'",
        "mac = NULL",
        "entered_at = '2026-01-01 00:00:00+00'",
    ],
)
def test_a_changed_entry_is_named(sealed, change):
    third = _third()
    _run(f"UPDATE hour_entries SET {change} WHERE id = :id", id=third)
    found = verify("hours", sealed)[2]
    assert (found.kind, found.number, found.entry_id) == ("changed", 3, third)


def test_a_removed_entry_is_named(sealed):
    _run("DELETE FROM hour_entries WHERE id = :id", id=_third())
    found = verify("hours", sealed)[2]
    assert (found.kind, found.number) == ("missing", 3)


def test_a_cut_end_is_found_and_not_sealed_over(sealed, city):
    _run("DELETE FROM hour_entries WHERE chain_no >= 4")
    found = verify("hours", sealed)[2]
    assert (found.kind, found.number) == ("cut", 4)
    give_hours(city.people["officer"], 9)
    with pytest.raises(ChainBroken):
        seal(sealed)
    assert verify("hours", sealed)[2].kind == "cut"


def test_an_emptied_table_is_a_cut_end(sealed):
    _run("DELETE FROM hour_entries")
    found = verify("hours", sealed)[2]
    assert (found.kind, found.number) == ("cut", 1)


def test_an_entry_stripped_of_its_seal_is_not_sealed_anew(sealed):
    _run("UPDATE hour_entries SET hours = 9900, chain_no = NULL, mac = NULL WHERE chain_no = 5")
    with pytest.raises(ChainBroken):
        seal(sealed)
    assert verify("hours", sealed)[2].kind == "cut"


def test_a_changed_audit_entry_is_found_too(sealed):
    _run("UPDATE audit_entries SET actor_id = 1 WHERE chain_no = 2")
    found = verify("audit", sealed)[2]
    assert (found.kind, found.number) == ("changed", 2)
    assert verify("hours", sealed)[2] is None


def test_nested_details_survive_the_way_through_the_database(city, keys):
    from trainer.audit.service import record

    record("test.done", by=None, target="x:1", detail={"一": [1, "二", None, True], "b": {"z": 1, "a": "0.50"}})
    seal(keys)
    db.session.expire_all()
    assert db.session.scalar(select(Entry.chain_no)) == 1
    assert verify("audit", keys) == (1, 0, None)


def test_without_its_key_a_chain_cannot_be_checked(sealed):
    (sealed / "hours.key").unlink()
    assert verify("hours", sealed)[2].kind == "no_key"


def test_a_site_that_stopped_before_keeping_the_head_goes_on(sealed, city):
    give_hours(city.people["officer"], 9)
    before = seals.read_head(sealed, "hours")
    seal(sealed)
    seals.keep_head(sealed, "hours", before)
    assert verify("hours", sealed)[2] is None
    give_hours(city.people["officer"], 10)
    seal(sealed)
    assert verify("hours", sealed) == (7, 0, None)


def test_after_a_restored_backup_the_heads_can_be_adopted(sealed, city):
    _run("DELETE FROM hour_entries WHERE chain_no >= 4")
    adopt_heads(sealed)
    assert verify("hours", sealed) == (3, 0, None)
    give_hours(city.people["officer"], 9)
    seal(sealed)
    assert verify("hours", sealed) == (4, 0, None)


@pytest.fixture
def own_instance(app, tmp_path, monkeypatch):
    """The site with an instance folder of this test alone."""
    from dataclasses import replace

    (tmp_path / "keys").mkdir()
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], instance=tmp_path))
    return tmp_path / "keys"


def test_the_commands_say_what_holds_and_end_with_1_at_the_first_bad_entry(app, city, own_instance):
    from tests.conftest import NINE
    from trainer.hours.jobs import seal_chains

    for hours in (1, 2, 3):
        give_hours(city.people["officer"], hours)
    assert seal_chains(NINE) == 6
    runner = app.test_cli_runner()
    for name in ("hours", "audit"):
        done = runner.invoke(args=[name, "verify"])
        assert done.exit_code == 0
        assert f"{name}: 3 条已封存的记录都与写入时一致" in done.output
    second = db.session.scalar(select(LedgerEntry.id).where(LedgerEntry.chain_no == 2))
    _run("UPDATE hour_entries SET hours = 1 WHERE chain_no = 2")
    done = runner.invoke(args=["hours", "verify"])
    assert done.exit_code == 1
    assert f"第 {second} 号记录（链上第 2 条）" in done.output
    _run("DELETE FROM audit_entries WHERE chain_no = 1")
    done = runner.invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert "链上第 1 条缺失" in done.output


def test_a_check_beside_a_running_sealer_finds_no_cut(app, city, sealed):
    db.session.execute(select(LedgerEntry.id)).all()

    def seal_one_more():
        with app.app_context():
            give_hours(city.people["officer"], 6)
            seal(sealed)

    # What is sealed after our read began is in no row of ours, yet already in the head.
    beside = threading.Thread(target=seal_one_more)
    beside.start()
    beside.join()
    assert verify("hours", sealed)[2] is None


def test_a_check_is_not_misled_by_a_seal_in_its_midst(app, city, sealed, monkeypatch):
    first_break = seals.first_break

    def seal_then_look(*args):
        def seal_one_more():
            with app.app_context():
                give_hours(city.people["officer"], 6)
                seal(sealed)

        beside = threading.Thread(target=seal_one_more)
        beside.start()
        beside.join()
        return first_break(*args)

    monkeypatch.setattr(seals, "first_break", seal_then_look)
    assert verify("hours", sealed)[2] is None


def test_a_glance_counts_both_ends_and_sees_a_cut_one(sealed, city):
    assert glance("hours", sealed) == seals.Glance(5, 0, True)
    give_hours(city.people["officer"], 6)
    assert glance("hours", sealed) == seals.Glance(5, 1, True)
    _run("DELETE FROM hour_entries WHERE chain_no = 5")
    assert glance("hours", sealed) == seals.Glance(4, 1, False)


def test_a_glance_at_an_empty_chain_is_in_order(city, keys):
    assert glance("audit", keys) == seals.Glance(0, 0, True)
