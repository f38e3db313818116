"""Levels kept for evaluation: never trained on, never shown to a dreamer."""
