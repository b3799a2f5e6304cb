"""The back ends: the contract in ``base``, and a package for each."""
