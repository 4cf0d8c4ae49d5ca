"""All tables of all rooms, gathered for migrations, the drift check and the column tags."""

from sqlmodel import SQLModel

import accounts.models
import advisors.models
import audit.models
import books.models
import callbacks.models
import contacts.models
import correspondence.models
import customers.models
import decisions.models
import desk_groups.models
import direct_dial.models
import kit.events
import kit.leases
import kit.months
import markets.models
import notifications.models
import privacy.models
import realtime.models
import reporting.models
import webhooks.models

ROOMS = (
    accounts, advisors, audit, books, callbacks, contacts, correspondence, customers, decisions, desk_groups,
    direct_dial, kit, markets, notifications, privacy, realtime, reporting, webhooks,
)  # fmt: skip

metadata = SQLModel.metadata
