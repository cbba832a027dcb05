"""Prices, and what quantities cost at them."""

import json
from collections import defaultdict


class Prices:
    """The price list: cost/prices.json, or one in its form."""

    def __init__(self, text):
        listed = json.loads(text)
        self.region = listed["region"]
        self.currency = listed["currency"]
        self.of = listed["prices"]

    def cost(self, key, quantity, free=False):
        """What a month's quantity costs; `free` takes off what every account has for nothing each month, for good."""
        price = self.of[key]
        if free:
            quantity = max(0, quantity - price.get("free", 0))
        if "tiers" not in price:
            return quantity / price["per"] * price["each"]
        cost, below = 0, 0
        for upto, each in price["tiers"]:
            within = quantity - below if upto is None else min(quantity, upto) - below
            cost += max(0, within) / price["per"] * each
            below = upto or below
        return cost


class Bill:
    """Quantities by the price that they are paid at."""

    def __init__(self, **quantities):
        self.quantities = defaultdict(float, quantities)

    def __add__(self, other):
        both = Bill(**self.quantities)
        for key, quantity in other.quantities.items():
            both.quantities[key] += quantity
        return both

    def __mul__(self, times):
        return Bill(**{key: quantity * times for key, quantity in self.quantities.items()})

    def only(self, *keys):
        return Bill(**{key: quantity for key, quantity in self.quantities.items() if key in keys})

    def without(self, *keys):
        return Bill(**{key: quantity for key, quantity in self.quantities.items() if key not in keys})

    def cost(self, prices, free=False):
        return sum(prices.cost(key, quantity, free) for key, quantity in self.quantities.items())
