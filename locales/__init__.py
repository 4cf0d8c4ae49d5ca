"""What people hear and read, one JSON file per language (i18next)."""
