"""What is answered to a request that is not answered: where, what, what to do, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(eq=False)
class Refused(Exception):
    """Why a request got no answer; the body of the response has the last three as JSON.

    Attributes
    ----------
    status : of HTTP (RFC 9110, section 15)
    where : the place in the request, such as `texts[3]`
    what : what was met and what was expected
    fix : what to do about it
    headers : of the response
    """

    status: int
    where: str
    what: str
    fix: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, str]:
        """The response's content."""
        return {"where": self.where, "what": self.what, "fix": self.fix}
