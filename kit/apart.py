class TooLong(Exception):
    pass


class Died(Exception):
    pass


class Apart:
    async def __aenter__(self):
        return self

    async def __aexit__(self, *a):
        pass

    async def run(self, work, *a, limit_s):
        return work(*a)
