"""The files of a run folder: what stands in which, how they are written and read."""
