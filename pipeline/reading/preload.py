"""Loaded by the fork server before its first child, so that every child has the decoders at once."""

from pipeline.reading.child import preload

preload()
