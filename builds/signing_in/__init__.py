"""Signing in with a forge, an OpenID Connect provider or a trusted proxy, and the accounts there that belong to a user."""
