"""The domain of Kolom, shared by the Lambda functions and the command line."""

__version__ = "0.1.0"
