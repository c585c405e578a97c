"""What is done beside the steps of a run, one module each."""
