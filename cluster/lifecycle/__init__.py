"""State tables: which event leads from which state to which."""
