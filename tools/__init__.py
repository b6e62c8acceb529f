"""What the project checks about itself, and the pages it writes about itself."""
