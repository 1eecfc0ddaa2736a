"""Text with `extends` → text without, and where each part came from (docs/shared-steps.md). No Django in it.

reading (text → nodes) → references (which files) → splice (their documents) → merge → writing → finish (proven the same).
"""
