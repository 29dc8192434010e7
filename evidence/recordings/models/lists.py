"""What footage is and what happened, in the force's own words. Data: a force has its lists."""

from __future__ import annotations

from django.db import models


class Category(models.Model):
    """What footage is. Data (fixtures/categories.json): a force has its own list.

    How long each is kept is a rule, in versions (`Rule`), also once it is not used any more.
    """

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class IncidentType(models.Model):
    """What happened, in the force's own words. Data: a force has its own list."""

    code = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=100)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name
