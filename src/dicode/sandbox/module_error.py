"""Why a hook's module is refused."""


class ModuleError(Exception):
    """The module is not plain, bounded array code; the message says where, `hint` what to write instead."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint
