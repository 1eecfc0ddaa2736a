"""One script for each claim about speed; the tables go to docs/performance.md."""
