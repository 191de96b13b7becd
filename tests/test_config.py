"""Settings from the environment."""

from __future__ import annotations

import secrets
import stat
import threading

import pytest

from trainer.config import BadSetting, read_or_make_key, read_settings

SECRET = "a secret of more than sixteen letters"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMEZONE", "Asia"),
        ("TIMEZONE", "Asia/Nowhere"),
        ("TIMEZONE", "../../etc/passwd"),
        ("DATABASE_URL", "mysql://host/site"),
        ("DATABASE_URL", "postgresql://user:pa55@host:port/site"),
        ("DATABASE_URL", "postgresql://user:pa55@[::1/site"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("BIND", "nonsense"),
        ("BIND", "127.0.0.1:8000"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "\u0668"),
        ("WEB_WORKERS", "2"),
        ("WEB_THREADS", "-1"),
        ("DEMO", "perhaps"),
        ("DEFAULT_LOCALE", "fr"),
        ("LOG_LEVEL", "loud"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_bad_value_names_itself_and_stops_the_start(tmp_path, name, value):
    with pytest.raises(BadSetting) as stopped:
        read_settings({"INSTANCE": str(tmp_path), "SECRET_KEY": SECRET, "TRUSTED_PROXIES": "1", name: value})
    assert stopped.value.name == name
    assert "pa55" not in str(stopped.value)


def test_beyond_loopback_a_proxy_must_be_named(tmp_path):
    given = {"INSTANCE": str(tmp_path), "SECRET_KEY": SECRET, "BIND": "0.0.0.0"}
    with pytest.raises(BadSetting, match="TRUSTED_PROXIES"):
        read_settings(given)
    assert not read_settings(given | {"TRUSTED_PROXIES": "1"}).on_loopback


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="INSTANCE"):
        read_settings({"INSTANCE": str(tmp_path / "file"), "SECRET_KEY": SECRET})


def test_a_key_is_made_once_and_never_read_by_half(tmp_path, monkeypatch):
    path = tmp_path / "hours.key"
    drawn, found = secrets.token_bytes, []

    def slow(count):
        # Whoever asks now comes between the making of the file and its first byte.
        monkeypatch.setattr(secrets, "token_bytes", drawn)
        beside = threading.Thread(target=lambda: found.append(read_or_make_key(path)))
        beside.start()
        beside.join()
        return drawn(count)

    monkeypatch.setattr(secrets, "token_bytes", slow)
    made = read_or_make_key(path)
    assert found == [made]
    assert len(made) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["hours.key"]
    assert read_or_make_key(path) == made
