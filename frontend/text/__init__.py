"""Programs written as text: from an IR file to a run, without the front end."""
