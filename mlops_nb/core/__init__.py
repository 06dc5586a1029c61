"""The language all rooms share: errors, records, settings, contracts, lineage."""
