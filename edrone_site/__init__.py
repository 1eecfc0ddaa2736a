"""The site: settings, URLs, health, metrics, starting the server. No domain logic."""

__version__ = "1.0.0"
