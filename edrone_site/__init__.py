"""What is true of the whole site: settings, addresses, health, starting the server. No domain logic."""

__version__ = "0.1.0"
