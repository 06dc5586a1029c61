"""The only writers of durable state: lake, models, control."""
