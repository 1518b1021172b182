"""From a System and a method to a generated file, and from that to a kernel that runs."""
