"""What a team's repository needs so that GitHub runs the guard: workflow files, written and read."""
