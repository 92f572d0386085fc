"""The verbs, run as a person does, against local CRMs."""
