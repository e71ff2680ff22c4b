"""Chapters on recurrent networks, what runs them and what draws their figures."""
