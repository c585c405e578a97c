"""Style: pictures whose patches are distributed like those of another picture."""
