"""What packages for Brian use of its inner modules: texts, arrays, files, and names that mean nothing here."""
