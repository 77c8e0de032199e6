from catalog_server import catalog, database, empty_database, postgres, shared_database
from event_house import house

__all__ = ["catalog", "database", "empty_database", "house", "postgres", "shared_database"]
