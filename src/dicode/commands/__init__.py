"""The `dicode` commands, a module each; `launch` puts a run together out of its parts."""
