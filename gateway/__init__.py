"""The composition root: settings, HTTP, credentials, pages and the command line."""
