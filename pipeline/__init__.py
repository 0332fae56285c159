"""The way of a claim: bytes to pages, pages to papers, papers to claims."""
