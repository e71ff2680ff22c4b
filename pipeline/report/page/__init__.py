"""Blocks of a report, and the writers that make HTML, Markdown and terminal text of them."""
