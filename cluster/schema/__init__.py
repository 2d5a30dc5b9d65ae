"""The key table, its codecs, and one file per schema step."""
