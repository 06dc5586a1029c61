"""The online server: processes that answer requests, and the files between them."""
