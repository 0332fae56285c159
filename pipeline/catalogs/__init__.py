"""Dated lists of medicines, services, facilities, consumables, diagnoses and hospitals.

`catalog.Catalogs` holds them and finds the entry for what a paper prints; `importing` brings in whole
lists; `data/` holds the sample that ships, with its sources.
"""
