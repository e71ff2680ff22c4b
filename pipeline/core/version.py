"""The version of the program, as its files name it."""

__version__ = "0.1.0"
