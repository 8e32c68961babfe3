"""Apply rules to lists, data frames, frames of Dask, and collections of Spark."""
