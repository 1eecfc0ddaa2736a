"""Builds: read from Drone's own tables, browsed, and started by hand."""
