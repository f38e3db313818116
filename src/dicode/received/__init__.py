"""Data from outside: files, JSON, YAML and databases that somebody else may have written, read so that they can't act.

Everything in a run's folder is such data, since folders are moved, mailed and published. What is promised, and by
which mechanism: docs/design/received.md.
"""
