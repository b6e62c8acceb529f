"""The synthetic clinic group and its exports."""
