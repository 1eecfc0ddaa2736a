"""Drone's database in PostgreSQL."""
