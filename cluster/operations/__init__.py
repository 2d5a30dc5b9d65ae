"""What an order means: preconditions and changes."""
