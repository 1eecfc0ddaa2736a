"""edrone's own database in PostgreSQL; Drone's is opened by a descendant (builds/drone_db/backends/postgresql)."""
