"""What --help says of each command beyond its options: what it does, by whole sentences, and how it is used."""
