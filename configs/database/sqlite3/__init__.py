"""edrone's own database in SQLite; Drone's is opened by a descendant (builds/drone_db/backends/sqlite3)."""
