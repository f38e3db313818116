"""XLand-MiniGrid: small grids, a goal, and production rules that must be found useful; see `docs/design/xland.md`."""
