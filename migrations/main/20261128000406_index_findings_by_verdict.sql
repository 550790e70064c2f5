-- Counting what an incident is about, by verdict and by what is resolved, reads none of the rows as found.
ALTER TABLE incident_findings ADD KEY incident_findings_verdict (incident_id, verdict, resolved_at);
