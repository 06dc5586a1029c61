"""`python -m mlops_nb`, the same as `mlops-nb`."""

from mlops_nb.doors.front import main

if __name__ == "__main__":
    main()
