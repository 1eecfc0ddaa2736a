"""Where Django looks for the models of this app."""

from configs.records.models import ConfigFile, ConfigText, LastError, ServedConfig

__all__ = ["ConfigFile", "ConfigText", "LastError", "ServedConfig"]
