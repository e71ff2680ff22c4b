"""Run folder > report.md and report.html: the last stage, drawn from the files of a run alone."""

from pipeline.report.draw import draw_report, summarise

__all__ = ["draw_report", "summarise"]
