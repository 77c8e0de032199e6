from catalog_server import catalog, database, empty_database, empty_of_rows, postgres, shared_database
from event_house import house

__all__ = ["catalog", "database", "empty_database", "empty_of_rows", "house", "postgres", "shared_database"]
