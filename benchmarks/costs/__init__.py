"""What a blog costs: prices, assumptions and measured requests in, monthly bills and the page ``docs/cost.md`` out."""
