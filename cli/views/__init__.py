"""What the API answered as text for people; pure."""
