"""Compose, render and deliver mail from the Outbox, and suppress addresses. Only mail in the Outbox is sent."""
