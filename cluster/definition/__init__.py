"""Definitions of VMs for libvirt: read safely, edited as texts."""
