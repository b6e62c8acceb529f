"""Zhiyan 知颜: customer tags and customer data platform."""
