"""JAX computations as exact expressions, and these as straight-line programs."""
