"""Set up and check the mail of a stack: the identity in SES, its DNS records, the account, and the way of bounces."""
