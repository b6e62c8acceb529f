# The same jobs for those who type make; run.py needs nothing but Python.
demo test check format docs lock bench setup:
	python3 run.py $@

.PHONY: demo test check format docs lock bench setup
