"""Nouns as frozen dataclasses and enums."""
