"""Two trees compared: which builds get another pipeline. `comparing.compare` is the door."""
