"""Models of a run as files that can be used without it."""
