"""The answers of the protocol: one struct per object of the documents, one file per chapter."""
