"""The hint bus: topics, messages, codec, sockets; a lost message costs time, nothing else."""
