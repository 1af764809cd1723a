"""What happens to synapses when a spike arrives."""
