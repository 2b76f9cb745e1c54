"""The rollback: planned as a whole, journalled step by step, done once."""
