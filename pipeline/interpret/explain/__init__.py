"""A worked example: every number of a recurrent network on a person's own words, forward and back.

`explain` computes a frozen value, `Worked`; `write_text` and `write_page` show it. The numbers come from the NumPy
reference in `pipeline.models.equations`, and TensorFlow's own stand beside them.
"""

from pipeline.interpret.explain.asked import check_out, explain
from pipeline.interpret.explain.page import write_page
from pipeline.interpret.explain.terminal import write_text
from pipeline.interpret.explain.worked import Worked

__all__ = ["Worked", "check_out", "explain", "write_page", "write_text"]
