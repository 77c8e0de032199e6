from catalog_server import catalog, database, empty_database, postgres, shared_database

__all__ = ["catalog", "database", "empty_database", "postgres", "shared_database"]
