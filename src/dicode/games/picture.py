"""A picture as a file, of any game."""

from pathlib import Path

import numpy as np
from PIL import Image

from dicode import files
from dicode.errors import DicodeError


def save_picture(picture: np.ndarray, path: Path | str) -> None:
    """Write a picture, whole or not at all, in the format of the path's suffix; DicodeError where that is impossible."""
    kinds = Image.registered_extensions()
    if kinds.get(Path(path).suffix.lower()) not in Image.SAVE:
        raise DicodeError(
            f"cannot write the picture {path}: its name says no kind of picture that can be written, as .png does"
        )
    try:
        with files.whole(Path(path)) as partial:
            Image.fromarray(picture).save(partial)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise DicodeError(f"cannot write the picture {path}: {why}") from error
