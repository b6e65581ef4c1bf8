"""The algorithms of the provider, one class per file; `provider.ALGORITHMS` lists them."""
