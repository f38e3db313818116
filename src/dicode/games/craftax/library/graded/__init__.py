"""The graded suite: eight families of skills, each on five rungs from nearly everything given (1) to nothing (5)."""
