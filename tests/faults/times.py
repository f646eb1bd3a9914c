"""How the times of the product are scaled for these tests."""

from __future__ import annotations

#: Seconds between two looks for due links, from 30.
DISPATCH_SECONDS = 1
#: From 60; and how often a worker renews it, from 5.
LEASE_SECONDS = 4.0
RENEWAL_SECONDS = 0.4
#: After which a message counts as lost, from 2 minutes.
RESEND_SECONDS = 6.0
#: Before a run that failed is tried again, from 5 minutes.
FIRST_WAIT_SECONDS = 1.0
#: A tracker that is down for everybody is left alone for so long at first, from 1 minute, and at most, from 15; who
#: waited comes back within so much, from 1 minute.
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 5.0
BACK_SECONDS = 3
#: One try of a request, from 30; waits between tries are a twentieth.
TRY_SECONDS = 1.0
WAITS = 0.05
