"""Run folder > report.html, report.md and its charts: the last stage, drawn from the files of a run alone."""

from pipeline.report.draw import draw_report, summarise
from pipeline.report.sections.fit_audit import describe_audit

__all__ = ["describe_audit", "draw_report", "summarise"]
