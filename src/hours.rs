//! Opening hours: `Hours` is a rule in OSM's opening_hours syntax, in a zone, with a country's public holidays.
