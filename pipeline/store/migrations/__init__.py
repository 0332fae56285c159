"""How the store's tables came to be, one file a change; `pipeline.store.versions` runs them."""
