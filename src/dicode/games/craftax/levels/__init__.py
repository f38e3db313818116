"""What levels of Craftax are made of; level code imports the names that `dicode.levels` exports."""
