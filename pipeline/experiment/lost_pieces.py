"""What a run needs that goes on, and does not find: vectors, and networks at which a probe is to look.

What cannot be made again to the last bit is of no use beside that which was made of the old: without
--deterministic that is done again too. Its lines leave the journal first: a kill does not leave the old beside the new.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from pipeline.core.warned import warning
from pipeline.experiment.data import RunData
from pipeline.experiment.jobs import Job, VectorFiles
from pipeline.experiment.probe_fitted import is_whole
from pipeline.run_folder.folder import RunFolder


class Jobs(Protocol):
    """The jobs of a run (see `FitLoop`)."""

    data: RunData
    folder: RunFolder

    def open_jobs(self) -> list[Job]:
        """Return the jobs that have not ended, of the first stage that has some."""

    def first_trainings(self) -> Iterator[Job]:
        """Yield the jobs of every planned model on every split."""

    def probes(self) -> Iterator[Job]:
        """Yield the jobs that look at networks."""


def drop_lost_vectors(jobs: Jobs) -> None:
    """Have vectors made anew that are damaged or gone, and that a job is still to read."""
    folder, again = jobs.folder, jobs.data.config.run.deterministic
    wanted = {job.vectors for job in jobs.open_jobs() if job.key.kind != "source"}
    known = [*jobs.first_trainings(), *jobs.probes()]
    for source in [job for job in known if job.key.kind == "source"]:
        readers = {job.key for job in known if job.vectors == source.vectors and job.key.kind != "source"}
        ended = readers & folder.jobs
        there = source.key in folder.jobs
        if there and (source.vectors not in wanted or _are_whole(source.vectors)):
            continue
        if not there and (again or not ended):
            continue
        folder.forget({source.key} if again else {source.key, *ended})
        what = f"the vectors of {source.key.name} are damaged or gone from {folder.unfinished}"
        others = "" if again else ", and so is every fit that reads them"
        jobs.data.console.warn(warning("vectors-made-anew", f"{what}: they are made anew{others}"))


def drop_lost_networks(jobs: Jobs) -> None:
    """Have a network trained anew whose file is damaged or gone, and at which a probe has not looked yet."""
    folder = jobs.folder
    open_probes = [job for job in jobs.probes() if job.key not in folder.jobs]
    for name in {job.key.name for job in open_probes if _is_lost(job, folder)}:
        folder.forget(
            {key for key in folder.jobs if key.name == name and key.is_first and key.kind != "trial"}
        )
        what = f"the network {name} is damaged or gone from {folder.unfinished}"
        jobs.data.console.warn(warning("network-trained-anew", f"{what}: it is trained anew"))


def _is_lost(probe: Job, folder: RunFolder) -> bool:
    assert probe.files is not None, "it says where its network lies"
    return probe.needs in folder.jobs and not is_whole(*probe.files.paths)


def _are_whole(vectors: VectorFiles | None) -> bool:
    """Return whether the files of vectors can be read; one that cannot is set aside under another name."""
    assert vectors is not None, "a source has vectors"
    whole = True
    for path, refit in zip(vectors.paths, (False, True), strict=False):
        if vectors.read(refit=refit) is None:
            whole = False
            if path.exists():
                path.replace(path.with_name(f"{path.name}.damaged"))
    return whole
