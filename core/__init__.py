"""Types, storage, jobs and models that every stage shares."""
