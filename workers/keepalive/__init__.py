"""This node's sign of life. Never waits for anybody."""
