"""Other engines on the same tags; nothing here knows the product."""
