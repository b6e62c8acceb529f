"""What is kept outside the warehouse: the vault."""
