"""Where Django looks for the models of this app."""

from configs.records.models import Announcement, ConfigFile, ConfigText, LastError, ServedConfig

__all__ = ["Announcement", "ConfigFile", "ConfigText", "LastError", "ServedConfig"]
