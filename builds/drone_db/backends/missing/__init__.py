"""The backend that stands in where DRONE_DATABASE_URL is not set."""
