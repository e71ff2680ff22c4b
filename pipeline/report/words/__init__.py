"""The answer as it is said: sentences that page, Markdown and terminal share."""
