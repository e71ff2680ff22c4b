"""Run folder > report.md and report.html: the last stage, drawn from the files of a run alone."""

from pipeline.report.draw import Drawn, draw, draw_report, summarise
from pipeline.report.fit_audit import describe_audit
from pipeline.report.run_folder import read_run

__all__ = ["Drawn", "describe_audit", "draw", "draw_report", "read_run", "summarise"]
