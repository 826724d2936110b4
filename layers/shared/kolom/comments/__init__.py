"""Comments: writing them once, judging them, moderating them, and reading what readers may see."""
