"""Networks that enlarge pictures, read from files of ncnn and computed by torch."""
