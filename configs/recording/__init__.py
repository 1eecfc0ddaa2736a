"""What is served is recorded by one thread of each process: `keeping.keep` is the door."""
