"""What a name in a group's texts stands for, and its values."""
