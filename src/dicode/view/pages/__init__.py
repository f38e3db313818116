"""A run as pages: read from its folder, built as data, written as HTML that opens from disk or is served.

`data` reads a folder and trusts nothing in it; `lineage`, `levels`, `dreams` and `overview` turn it into values;
`site` turns values into pages; `export` writes them, `serve` shows them. All that knows the game is in `game`.
"""
