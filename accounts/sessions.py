"""Sessions in our own table, so that each knows its holder and can be shown to and ended by him (D12)."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's sessions, with holder, beginning and address beside the sealed data."""

    @classmethod
    def get_model_class(cls) -> Any:
        from accounts.models import Session

        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        made: Any = super().create_model_instance(data)
        made.user_id = data.get("_auth_user_id")
        made.address, made.browser = data.get("address", ""), data.get("browser", "")
        made.began_at = datetime.fromisoformat(data["began_at"]) if "began_at" in data else None
        return made
