demo:
	python3 run.py demo

test:
	python3 run.py test

check:
	python3 run.py check

.PHONY: demo test check
