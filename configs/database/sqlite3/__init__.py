"""edrone's own database in SQLite; Drone's is opened by a descendant (builds/database/sqlite3)."""
