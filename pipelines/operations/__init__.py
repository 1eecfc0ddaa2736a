"""Operations: the pipelines of a repository that people start by hand, as files under `_operations/`.

Each is a pipeline, with an optional first document `kind: operation` that says what it is for and what it may be told.
"""
