"""Loaded by the fork server before its first child, so that every child has the decoders at once."""

from importlib import import_module

for _module in ("spool", "image", "pdf", "ofd", "ebill_xml", "archive"):
    import_module(f"pipeline.reading.{_module}")
