"""The systems under test, and stand-ins for them: guarded, remote, replayed, scripted, faulty."""
