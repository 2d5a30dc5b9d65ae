"""What every process needs: clock, deadline, errors, log, commands, config."""
