"""The messy files of the synthetic clinic group, as its systems would hand them over."""
