"""The sections of the report, one file each; `table` has their order."""
