"""Is there room? Devices and memory that a run needs, asked before anything compiles."""


def require(config):
    """X."""
    pass
