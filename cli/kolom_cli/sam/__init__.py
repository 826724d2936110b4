"""The SAM template: its parameters, intrinsic functions and resources."""
