"""The museum: losses that connectors of good name have had in public, each reproduced on a local CRM."""
