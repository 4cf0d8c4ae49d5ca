import migrations.metadata  # noqa: F401 - every table, as an account's key points to a room above it
