"""What the pages show and change; each part tells by a signal when it became another."""
