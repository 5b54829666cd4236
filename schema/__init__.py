"""What the API says: Strawberry types, roots, permissions and errors. No I/O in here."""
