"""Run statements, know their capabilities, nothing else."""
