"""Whether memory ran out while a job was done, in whichever words a library says so."""

from __future__ import annotations

import errno

from pipeline.core.fits import JobFailed, JobKey

# Of TensorFlow, which need not be loaded to ask. On a GPU a copy that finds no room is said in words of its own.
_CLASSES = {"ResourceExhaustedError"}
_WORDS = ("RESOURCE_EXHAUSTED", "OOM when allocating", "Dst tensor is not initialized")


def ran_out(error: BaseException) -> bool:
    """Return whether an error, or what it was raised from, says that memory ran out.

    >>> ran_out(MemoryError()), ran_out(OSError(errno.ENOMEM, "Cannot allocate memory")), ran_out(KeyError("a"))
    (True, True, False)
    """
    if isinstance(error, MemoryError) or {cls.__name__ for cls in type(error).__mro__} & _CLASSES:
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return any(word in str(error) for word in _WORDS) or (
        error.__cause__ is not None and ran_out(error.__cause__)
    )


def want_of_memory(key: JobKey, error: Exception) -> JobFailed | None:
    """Return that a job failed for want of memory; None where the error says something else."""
    return JobFailed(key, "memory ran out") if ran_out(error) else None
