"""Craftax: everything that names one of its blocks, mobs or achievements."""
