"""Drone's API, read from Drone's tables, and what edrone has on top of it."""
