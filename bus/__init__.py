"""The hint bus: topics, messages, codec, sockets. Losing a message costs time, never correctness."""
