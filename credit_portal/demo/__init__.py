"""The demo world: an invented province with its agencies, subjects and facts. No real place, body, firm or person.

Division 990000 is assigned to nobody, and no identity number of division 990101 was ever given out, so nothing here can
hit anybody. Everything comes from a seeded random and from the day on which it is loaded.
"""
