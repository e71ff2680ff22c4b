"""Every setting of a run: its default and bounds, and how it is read from files and options."""
