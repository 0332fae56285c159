"""One-key repair: when sums do not close, the single misread that explains all of them.

`equations` lays the sums of a paper open, `edits` says what may have stood where something was read, `search`
finds the edits that close every broken sum and break none, `identity` does the same for check digits, and
`repair` decides which is applied and which is offered.
"""
