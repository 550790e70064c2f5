-- The newest step of a kind is found whatever somebody plants of others.
ALTER TABLE incident_events ADD KEY incident_events_kind (incident_id, kind, id);
