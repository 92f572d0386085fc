"""One room per CRM. A room is found by its name and imported only when a config names it; see `crmsync/crm.py`."""
