"""Run folder > report.html, report.md and its charts: the last stage, drawn from the files of a run alone."""

from pipeline.report.draw import draw_report
from pipeline.report.last_lines import as_json, summarise
from pipeline.report.sections.fit_audit import describe_audit

__all__ = ["as_json", "describe_audit", "draw_report", "summarise"]
