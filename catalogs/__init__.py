"""The rules in force: legal library, information catalogue, list fields and criteria, measure items, repair rules."""
