"""The whole tree examined before a change of it is merged: `examine` is the door, each family of checks one module."""
