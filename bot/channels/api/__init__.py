"""The channel for any other system: it posts messages over HTTP, and fetches or is pushed the answers."""
