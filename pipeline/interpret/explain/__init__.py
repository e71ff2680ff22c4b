"""A worked example: every number of a recurrent network on a person's own words, forward and back.

`explain` returns a page of the report's blocks, which the report's writers show. What is shown is what is computed:
each equation is worked out on numbers that remember what was put in. TensorFlow's own answers stand in a closing table.
"""

from pipeline.interpret.explain.asked import check_out, explain

__all__ = ["check_out", "explain"]
