"""The domain of Kolom: what every Lambda function and the command line share."""

__version__ = "0.1.0"
