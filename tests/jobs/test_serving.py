"""Starting and refusing to start; what runs is measured by the kill runs."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers import free_port
from trainer.config import Settings
from trainer.core.locks import InstanceLock
from trainer.jobs.serving import Crew, Supervisor, address_of, port_problem

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def settings(tmp_path):
    return Settings(
        instance=tmp_path, database_url=f"sqlite:///{tmp_path}/site.sqlite3", secret_key="x" * 16, port=free_port()
    )


@pytest.fixture
def neighbour(settings):
    """Another site on our port, in good health, that shares its port with whoever asks."""

    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    class Shared(http.server.HTTPServer):
        allow_reuse_port = True

    server = Shared((settings.bind, settings.port), Healthy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_address_is_one_that_a_browser_takes(settings, bind, address):
    assert address_of(replace(settings, bind=bind, port=8000)) == address


def test_a_port_that_somebody_listens_on_is_refused_even_if_it_could_be_shared(settings, neighbour, capfd):
    assert port_problem(settings.bind, settings.port)
    assert Supervisor(settings, ROOT).run(lambda: pytest.fail("it is not ours")) == 1
    assert f"PORT {settings.port}" in capfd.readouterr().err


def test_a_port_of_connections_just_closed_is_free(settings):
    at = (settings.bind, settings.port)
    with socket.create_server(at) as server, socket.create_connection(at):
        server.accept()[0].close()
    assert port_problem(settings.bind, settings.port) == ""


def test_a_proxy_in_the_environment_is_not_asked_about_our_own_health(settings, neighbour):
    # The proxy is chosen when the module is loaded, so a process of its own has to look.
    code = (
        "from pathlib import Path; from trainer.config import read_settings\n"
        "from trainer.jobs.serving import Supervisor\n"
        "print(Supervisor(read_settings(), Path()).is_ready())"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "INSTANCE": str(settings.instance),
        "SECRET_KEY": "x" * 16,
        "PORT": str(settings.port),
        "http_proxy": f"http://127.0.0.1:{free_port()}",
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_a_web_server_that_is_slow_to_start_is_left_to_start():
    crew = Crew(workers=2, now=100.0)
    assert not crew.has_lost_some(0, 130.0)
    assert not crew.has_lost_some(1, 159.0)
    assert crew.has_lost_some(1, 161.0)


@pytest.mark.parametrize(("seen", "patience"), [(0, 1.5), (1, 6.0)])
def test_a_web_server_that_had_its_workers_soon_has_to_bring_them_back(seen, patience):
    crew = Crew(workers=2, now=100.0)
    assert not crew.has_lost_some(2, 110.0)
    assert not crew.has_lost_some(seen, 110.0 + patience)
    assert crew.has_lost_some(seen, 110.1 + patience)
    assert not crew.has_lost_some(2, 120.0)
    assert not crew.has_lost_some(seen, 120.0 + patience)


def test_a_web_server_whose_start_takes_long_is_started_once(settings, tmp_path, monkeypatch):
    """What looks for lost workers must not take one that is being put together for one that has stumbled."""
    begun = tmp_path / "begun"
    code = f"import time; open({str(begun)!r}, 'a').write('x'); time.sleep(30)"
    supervisor = Supervisor(settings, ROOT)
    supervisor.commands = {"web": [sys.executable, "-c", code], "scheduler": ["sleep", "30"]}
    monkeypatch.setattr(supervisor, "is_ready", lambda: True)
    monkeypatch.setattr("trainer.jobs.serving.signal.signal", lambda *_: None)
    thread = threading.Thread(target=supervisor.run, args=(lambda: None,))
    thread.start()
    thread.join(2.5)
    supervisor.stop()
    thread.join()
    assert begun.read_text() == "x"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the site is put together anew")
def test_what_serves_is_a_copy_of_the_supervisor_with_a_site_of_its_own(settings, tmp_path, monkeypatch):
    said = tmp_path / "said"

    def serve():
        holds = InstanceLock(str(settings.instance / "server.lock")).take()
        said.write_text(f"{os.environ['SERVING']} {os.getcwd() == str(ROOT)} {'wsgi' in sys.modules} {holds}")

    monkeypatch.setitem(sys.modules, "wsgi", None)
    supervisor = Supervisor(settings, ROOT)
    assert supervisor.hold()
    supervisor.commands["web"] = serve
    supervisor._start("web")
    assert supervisor.children["web"].wait(30) == 0
    assert said.read_text() == "1 True False False"
    assert "SERVING" not in os.environ


def test_a_supervisor_that_fails_ends_what_it_has_started(settings, monkeypatch):
    def fail():
        raise ZeroDivisionError

    supervisor = Supervisor(settings, ROOT)
    supervisor.commands = {"web": ["sleep", "60"], "scheduler": ["sleep", "60"]}
    monkeypatch.setattr(supervisor, "is_ready", lambda: True)
    monkeypatch.setattr("trainer.jobs.serving.signal.signal", lambda *_: None)
    with pytest.raises(ZeroDivisionError):
        supervisor.run(fail)
    assert supervisor.children["web"].poll() is not None


def test_a_second_start_is_refused_before_it_touches_the_database(settings):
    first = InstanceLock(str(settings.instance / "server.lock"))
    assert first.take()
    environment = {
        "PATH": os.environ["PATH"],
        "INSTANCE": str(settings.instance),
        "DEMO": "1",
        "PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "up"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"another server (process {os.getpid()})" in done.stderr
    assert not (settings.instance / "site.sqlite3").exists()


def test_a_site_with_people_never_becomes_a_demonstration(tmp_path):
    """``flask up`` with DEMO=1 would show passwords on the sign-in page of whoever lives there."""
    own = {"INSTANCE": str(tmp_path), "SECRET_KEY": "x" * 16, "PORT": str(free_port()), "PATH": os.environ["PATH"]}
    flask = [sys.executable, "-m", "flask", "--app", "wsgi"]

    def call(*words, **more):
        return subprocess.run([*flask, *words], cwd=ROOT, env=own | more, capture_output=True, text=True, timeout=120)

    assert call("db", "upgrade").returncode == 0
    assert call("accounts", "create-admin", "chief").returncode == 0
    refused = call("up", DEMO="1")
    assert refused.returncode == 1
    assert "已有人员，不能载入演示城市" in refused.stderr
    assert not (tmp_path / "demonstration").exists()


def test_the_site_starts_without_the_libraries_that_make_documents():
    """The one for PDF alone takes 36 MiB in each process and a tenth of the time until a killed server is back."""
    code = "import sys, wsgi; sys.exit(bool({'fpdf', 'fontTools', 'openpyxl'} & set(sys.modules)))"
    environment = {**os.environ, "SECRET_KEY": "only for the tests, not a secret"}
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False).returncode == 0
