"""Scripts that write or show documents; a package so that chapters of docs/learn can read each other."""
