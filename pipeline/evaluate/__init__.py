"""How right the readings are: what a run wrote, held against what the papers really say.

`truth` reads what is known, `run_folder` what was read, `pairing` says which document is which paper,
`comparing` and `rows` judge values, `tally` counts and `figures` turns counts into rates with their
intervals. `evaluation` is the spine; `against`, `tables` and `page` show it. `command` is `baoxiao evaluate`.
"""
