"""Clones' own files brought into the tree, and what they could share found."""
