"""The door for GitHub Actions: what a workflow asks for becomes a command, and what came of it outputs, a summary and annotations."""
