"""From a folder of pictures to batches: scan, decode, cache, order, augment."""
