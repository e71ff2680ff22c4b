"""What every room may use: values with their invariants, names, errors, files, the console."""
