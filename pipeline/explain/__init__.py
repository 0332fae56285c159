"""How a paper was read, step by step: `baoxiao explain`, for whoever asks why a value is what it is.

`explanation` takes a file the way a scan takes it and lets `recorder` look on; `drawing` puts places on
pictures, `page` writes the page that shows them in order. `command` is `baoxiao explain`.
"""
