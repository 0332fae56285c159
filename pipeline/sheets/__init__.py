"""Several papers on one page: told apart, cut out, each set upright by itself."""
