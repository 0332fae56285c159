"""Hand-over of claims to a reimbursement engine: a service, a file, or our own computation."""
