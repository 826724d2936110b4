"""Deploy the stack to AWS, check and show its state, and delete it: what `kolom deploy` and its neighbours do."""
