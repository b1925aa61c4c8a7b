"""A pretend legacy system: the shop whose database is to be left behind. For demos, tests and benchmarks only.

`python -m legacy_shop.seed` makes its tables and rows, `python -m legacy_shop.writer` keeps changing them. The product
never imports this package.
"""
