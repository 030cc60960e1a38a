from django.apps import AppConfig


class CreditPortalConfig(AppConfig):
    name = "credit_portal"
    verbose_name = "信用门户"
