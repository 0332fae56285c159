"""What a claim is paid, computed from dated policy files with their sets of figures.

`figures.py` is a figure as a source words it, `policy.py` what a file may say, `book.py` reads files and
gives the set that holds; `data/` has the sets of the sources. `bill.py` is what a claim charges, with what is
open of it; `lines.py` says of each row what enters, `payment.py` computes one payment, `settle.py` puts the
two together and `payout_range.py` does so for claims that nobody has reviewed. `to_date.py` is what a person
used up in a year, `record.py` the published shape, `explain.py` the sheet for people and `command.py` the
command.
"""
