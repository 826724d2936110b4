"""Mail: the Outbox in which it waits, what it says, and how it is sent. Nothing is sent that is not in the Outbox."""
