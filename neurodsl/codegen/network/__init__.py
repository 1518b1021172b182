"""Networks: from populations and projections to a kernel of their own."""
