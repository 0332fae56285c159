"""Bytes to upright pages with words."""
