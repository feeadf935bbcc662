"""The training stage: plan, pre-flight, QLoRA, the run's record, and its diagnosis."""
