"""Stand-ins for the engines: small HTTP servers in Python, under the real supervisor."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

from xihu.engines.program import Program, base_environment, http_get
from xihu.settings import Settings

# A server with a child that inherits its port and outlives it: what gunicorn, uvicorn and the like leave behind when they are killed.
SERVER = """
import http.server, os, signal, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ.get("ANSWER", "OK").encode())
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), H)
server.socket.set_inheritable(True)
if "child" in sys.argv and os.fork() == 0:
    signal.pause()
print("listening", flush=True)
server.serve_forever()
"""


def free_ports(n: int) -> list[int]:
    """`n` ports nobody listens on now."""
    sockets = [socket.socket() for _ in range(n)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def fake(name: str, port_name: str, *words: str, code: str = SERVER, answer: str = "OK") -> Callable[[Settings], Program]:
    """A maker of a program called `name` that listens on one of the lake's ports."""

    def make(s: Settings) -> Program:
        port = vars(s.ports)[port_name]

        def healthy() -> bool:
            got = http_get(f"http://127.0.0.1:{port}/", timeout=1)
            return got is not None and got.text == answer

        return Program(
            name=name,
            title=name,
            command=(sys.executable, "-S", "-c", code, str(port), *words),
            environment=lambda: {**base_environment(), "ANSWER": answer},
            directory=Path(s.home),
            ports=(port_name,),
            render=lambda: None,
            healthy=healthy,
            url=f"http://127.0.0.1:{port}",
            settle=1,
            patience=2,
            stop_after=2,
        )

    return make
