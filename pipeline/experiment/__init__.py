"""A run between its corpus and its report: the plan, the fits and where they run, what is recorded."""
