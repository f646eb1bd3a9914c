"""What the queue carries about people: ids, and nothing else."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from celery import shared_task


@shared_task
def send_confirmation(address_id: int) -> None:
    """Send the letter that confirms an address, unless that was done meanwhile."""
    address = EmailAddress.objects.filter(pk=address_id, verified=False).select_related("user").first()
    if address is not None:
        address.send_confirmation()
