"""Event-driven variables, solved from event to event; neurons hold them where they are the same."""
