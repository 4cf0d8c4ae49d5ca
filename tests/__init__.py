"""Tests in four rings: pure, database, API and stream, acceptance."""
