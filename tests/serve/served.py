"""A service in a process of its own, on a port that is free, ended by a signal to that process alone."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from run_builders import write_run
from saved_builders import fit_and_save

ADVISED = "tfidf"
JSON = {"content-type": "application/json"}


def write_served_run(run: Path, *models: str) -> Path:
    """Write a run that was scored, with models of n-grams that it saved, of which tfidf is advised."""
    write_run(run, drawn=False)
    for name in models or (ADVISED,):
        fit_and_save(run, name)
    advise(run, ADVISED)
    return run


def advise(run: Path, model: str | None) -> None:
    """Have a run advise a model."""
    path = run / "metrics.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    metrics["advice"]["model"] = model
    path.write_text(json.dumps(metrics), encoding="utf-8")


@dataclass(frozen=True)
class Reply:
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, eq=False)
class Served:
    """A service that runs."""

    process: subprocess.Popen[str]
    port: int
    said: list[str]  # lines on its console

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = JSON
    ) -> Reply:
        """Return the reply to one request, over a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, names, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        """Return what stands at a path."""
        return self.send("GET", path, headers={})

    def ask(self, **content: object) -> Reply:
        """Return the reply to a question."""
        return self.send("POST", "/predict", json.dumps(content).encode())

    def connect(self) -> socket.socket:
        """Return a connection on which nothing was sent."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def end(self, signal_number: int = signal.SIGTERM) -> int:
        """Send it a signal, and return its exit status."""
        self.process.send_signal(signal_number)
        return self.process.wait(60)


@contextmanager
def served(run: Path, *options: str) -> Iterator[Served]:
    """Yield a service for a run's model, once it answers."""
    command = [sys.executable, "-m", "pipeline", "serve", str(run), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line.rstrip())
        if found := re.search(r" answers on http://[^ ]+:(\d+) ", line):
            break
    else:
        raise AssertionError("\n".join(said))
    rest = threading.Thread(target=lambda: said.extend(line.rstrip() for line in process.stdout))
    rest.start()
    try:
        yield Served(process, int(found[1]), said)
    finally:
        if process.poll() is None:
            process.kill()  # how it ends is what other tests look at
            process.wait()
        rest.join()
        process.stdout.close()
