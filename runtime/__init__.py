"""What every process needs: clock, deadline, errors, log, commands, config. Imports nothing of ours."""
