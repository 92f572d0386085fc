"""The forecast: dated facts in, probabilities, close dates and reasons out. Pure: it knows neither the store nor any CRM."""
