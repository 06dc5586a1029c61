"My project: which parcels will be late?"

__version__ = "0.1.0"
