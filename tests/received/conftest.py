"""Runs as somebody else might send them: made without training, then spoilt in every way."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "curriculum"))
