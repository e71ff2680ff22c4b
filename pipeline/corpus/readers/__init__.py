"""One file a format: whatever is read comes out as a `RawTable`."""
