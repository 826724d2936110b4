"""Check, measure and upload the images and other files of articles."""
