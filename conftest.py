"""The plugins that the policies use: the table of contents is care_audit/running.py."""

from care_audit.running import pytest_plugins as pytest_plugins
