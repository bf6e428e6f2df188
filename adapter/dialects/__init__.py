"""How models were taught to call tools: one template per dialect, found, loaded and checked here."""
