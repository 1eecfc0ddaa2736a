"""What there is in a tree, and who extends what; kept between looks. `kept.KeptInventory` is the door."""
