"""A line that swallows: a proxy that forwards bytes until it is told to pass nothing on, and closes nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
import time


class Swallowing:
    """Forwards ``port`` to ``target`` on loopback; answers come ``lag`` seconds late."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.lag = 0.0
        self._alive = threading.Event()
        self._alive.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._sockets: list[socket.socket] = []
        self._near: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """Pass nothing on from now on."""
        self._alive.clear()

    def live(self) -> None:
        """Pass on what was held back, and go on."""
        self._alive.set()

    def close(self) -> None:
        """End all of it."""
        self._alive.set()
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _address = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                self._near.add(near)
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                time.sleep(self.lag if sink in self._near else 0)
                self._alive.wait()
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
