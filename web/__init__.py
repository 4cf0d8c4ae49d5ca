"""The browser side: plain files that the API serves. Nothing is built and nothing comes from elsewhere."""
