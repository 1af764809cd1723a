"""Running compiled programs: arrays, the native loop, recorded tables, Arrow."""
