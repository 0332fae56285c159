"""What differs from place to place and from year to year, as dated files: one place and period a file.

`place.py` is what such a file may say, `book.py` reads them and gives the one that was in force on a day, and
`data/` holds those that ship. An office adds a place, or replaces a file of ours by one of the same name, by
putting a TOML file into its folder of places (`BAOXIAO_PLACE_DIR`).
"""
