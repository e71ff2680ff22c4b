"""A Ray cluster that this process has joined, or started here and ends with its work."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.resources import usable_cores

LOOK_SECONDS = 2.0  # between two looks at a cluster
# Ray's own name for: all of its processes speak over 127.0.0.1, as on systems whose firewall would ask. It is read when
# Ray is imported, here and in every process of the cluster. (`_node_ip_address` replaces 127.0.0.1 by another.)
_LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster that this process has joined.

    Attributes
    ----------
    name : as the person named it, or what it is
    door : host and port of its head, which answer as long as there is one
    own : the folder of a cluster that was started here; None of one that was running
    before : what this process did on SIGTERM, which Ray replaces
    """

    ray: Any
    name: str
    door: tuple[str, int]
    own: Path | None
    before: Any

    @property
    def is_own(self) -> bool:
        """Whether it was started here."""
        return self.own is not None

    def nodes(self) -> dict[str, dict[str, Any]]:
        """Return the nodes that live and have cores, by their id."""
        return {
            node["NodeID"]: node
            for node in self.ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        }

    def most(self, resource: str) -> float:
        """Return what the best node has of a resource, such as "memory" in bytes."""
        return max((node["Resources"].get(resource, 0.0) for node in self.nodes().values()), default=0.0)

    def leave(self) -> None:
        """Leave it; one that was started here ends, with all its processes and files."""
        with suppress(Exception):
            self.ray.shutdown()
        with suppress(ValueError, TypeError):  # another thread, or a handler that Python did not set
            signal.signal(signal.SIGTERM, self.before)
        if self.own is not None:
            shutil.rmtree(self.own, ignore_errors=True)


@contextmanager
def joined(address: str | None) -> Iterator[Cluster]:
    """Join the cluster at an address, or start one of this machine's cores; leave it at the end of the block.

    Parameters
    ----------
    address : str or None
        `ray://HOST:PORT` of the client server of a cluster's head; None starts a cluster here.

    Raises
    ------
    PipelineError
        If Ray is not installed, or no cluster answers at the address.
    """
    if address is None:
        os.environ[_LOOPBACK] = "0"
    ray = _import_ray()
    before = signal.getsignal(signal.SIGTERM)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing about a run leaves this machine
    cluster = _started(ray, before) if address is None else _found(ray, address, before)
    try:
        yield cluster
    finally:
        cluster.leave()


def _import_ray() -> Any:
    try:
        import ray
        import ray.util.scheduling_strategies
    except ImportError:
        fix = "python -m pip install 'embedseq[cluster]'"
        raise PipelineError("package-missing", "--executor", "Ray is not installed", fix) from None
    return ray


def _started(ray: Any, before: Any) -> Cluster:
    """Start a cluster of this machine's cores."""
    # the paths of its sockets are limited to some hundred characters, so it lies where those are short
    own = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp" if os.name == "posix" else None))
    config = {"worker_niceness": 0}  # Ray's own is 15: beside other work fits would hardly run
    options = {"include_dashboard": False, "num_cpus": usable_cores(), "_temp_dir": str(own)}
    try:
        _init(ray, address="local", _system_config=config, **options)
    except BaseException as error:
        Cluster(ray, "ray", ("", 0), own, before).leave()
        if not isinstance(error, ConnectionError | OSError | RuntimeError | ValueError | TimeoutError):
            raise
        raise _refused("ray", "no cluster could be started here", error) from None
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    return Cluster(ray, "ray", (host, int(port)), own, before)


def _found(ray: Any, address: str, before: Any) -> Cluster:
    """Join a cluster that runs."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    fix = "see `ray status` on its head; PORT is that of Ray's client server, 10001 unless it was changed"
    if not answers(host, int(port)):
        raise PipelineError("cluster-unreachable", f"--executor {address}", "nothing answers there", fix)
    try:
        _init(ray, address=address)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        with suppress(Exception):
            ray.shutdown()
        raise _refused(address, "the Ray cluster cannot be joined", error) from None
    return Cluster(ray, address, (host, int(port)), None, before)


def _init(ray: Any, **options: Any) -> None:
    logging.getLogger(
        "ray.util.client.logsclient"
    ).disabled = True  # Ray sets its level to INFO, whatever is asked
    warnings.filterwarnings("ignore", module=r"ray\.util\.client")  # a head that is gone is told by an error
    ray.init(log_to_driver=False, logging_level="critical", **options)
    with suppress(ValueError):  # in another thread than the main one
        signal.signal(signal.SIGTERM, _end)  # instead of Ray's, which shows addresses of machine code


def _end(number: int, frame: object) -> None:
    """End as a process does that a signal ends, but leave the cluster first."""
    sys.exit(128 + number)


def _refused(name: str, what: str, error: BaseException) -> PipelineError:
    said = " ".join(str(error).split())[:300] or type(error).__name__
    fix = (
        "the versions of Python and Ray have to be those of its head, PORT that of its client server, and the head "
        "be started with GRPC_ENABLE_FORK_SUPPORT=0 in its environment"
    )
    return PipelineError("cluster-unreachable", f"--executor {name}", f"{what} ({said})", fix)


def of_connections() -> tuple[type[Exception], ...]:
    """Return the errors of the library by which Ray's client speaks to a head; Ray lets some of them through."""
    with suppress(ImportError):
        from grpc import RpcError

        return (RpcError,)
    return ()


def answers(host: str, port: int) -> bool:
    """Return whether a port takes a connection."""
    try:
        with socket.create_connection((host, port), timeout=LOOK_SECONDS):
            return True
    except OSError:
        return False
