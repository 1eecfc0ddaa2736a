"""The page Tree: the files that serve builds, who extends what, and what is wrong with them."""
