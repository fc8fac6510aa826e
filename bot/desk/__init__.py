"""Where staff works: one module for each place."""
