"""Every user action, one method each."""
