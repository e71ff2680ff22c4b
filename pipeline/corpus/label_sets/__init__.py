"""Files whose documents have several labels each: which columns say them, and how each cell is read."""
