"""Looking into data and models: what labels hold, and which model to take."""
