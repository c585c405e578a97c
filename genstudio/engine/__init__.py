"""Training as a generator of events; knows no window and no project folder."""
