"""People: skills, languages, working pattern, absences, presence."""
