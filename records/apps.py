from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
    verbose_name = "信用记录"

    def ready(self) -> None:
        from accounts.signals import changed
        from records.receivers import follow

        changed.connect(follow, dispatch_uid="records.follow")
