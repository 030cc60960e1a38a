"""The default of every API call. It stands alone, for Django REST framework reads it while it is itself being imported."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Nobody(BasePermission):
    """A call that does not say who may make it is open to nobody."""

    def has_permission(self, request: Request, view: object) -> bool:
        return False
