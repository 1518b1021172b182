"""``python -m neurodsl``."""

from neurodsl.cli import main

if __name__ == "__main__":
    main()
