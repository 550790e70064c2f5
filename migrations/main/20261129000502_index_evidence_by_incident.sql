-- The first pieces of an incident are found whatever somebody plants beside them.
ALTER TABLE incident_evidence ADD KEY incident_evidence_incident (incident_id, id);
