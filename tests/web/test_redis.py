"""With a real Redis the coarse limits of several processes count together, and without it they go on by themselves."""

import shutil
import socket
import subprocess
import tempfile
import time

import pytest
from flask import Flask
from flask_limiter import Limiter

from trainer.web.limits import OPTIONS


@pytest.fixture
def redis_port():
    program = shutil.which("redis-server")
    assert program, "no redis-server: run `make test`, which installs it"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, server
        server.terminate()
        server.wait(10)


def _process(port):
    """Return the client of an application as one more web process would make it."""
    app = Flask(__name__)
    app.config["RATELIMIT_STORAGE_URI"] = f"redis://127.0.0.1:{port}/0"
    limiter = Limiter(lambda: "user:1", **OPTIONS)
    limiter.init_app(app)
    app.get("/dear")(limiter.limit("3 per minute")(lambda: "made"))
    return app.test_client()


def test_two_processes_count_together_and_go_on_when_redis_is_gone(redis_port):
    port, server = redis_port
    one, two = _process(port), _process(port)
    assert [client.get("/dear").status_code for client in (one, two, one, two)] == [200, 200, 200, 429]
    server.terminate()
    server.wait(10)
    assert two.get("/dear").status_code == 200
