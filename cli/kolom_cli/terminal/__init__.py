"""What the commands print: tables, progress, reports, CSV and JSON."""
