"""What the layers say to each other: plain values, pydantic and the standard library only."""
