"""One change of the tables a file, in the order of their numbers: `0001_tables.py`, `0002_….py`."""
