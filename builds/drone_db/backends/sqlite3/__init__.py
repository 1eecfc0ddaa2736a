"""Drone's database in SQLite."""
