"""The commands, one file per group; loaded when the group is named."""
