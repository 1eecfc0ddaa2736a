"""How edrone connects to its own database."""
