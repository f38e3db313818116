"""A game of another package: walk a room, take the key, open the door. No achievements; goals ask for quantities."""
