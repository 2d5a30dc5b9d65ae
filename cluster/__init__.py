"""What a cluster is: nouns, states, keys, and the store that holds them."""
