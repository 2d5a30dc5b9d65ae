"""What we ask of a store, and Zookeeper through kazoo as the answer."""
