"""Where a bucket is, how it is entered, and how long its store is waited for."""

from dataclasses import dataclass, field
from datetime import timedelta

from obstore.store import S3Store

from watchkeep.domain.camera import Secret

CONNECT_LIMIT = timedelta(seconds=3)
SILENCE_LIMIT = timedelta(seconds=10)
"""Of the store between two pieces of an answer."""
REQUEST_LIMIT = timedelta(seconds=120)
RETRIES_LIMIT = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where a bucket is and how it is entered.

    Attributes:
        endpoint: An address such as https://s3.example.org; None for that of AWS.
        prefix: Within the bucket, without slashes at its ends; may be empty.
        access_key: None to find keys where the environment or the machine has them.
    """

    bucket: str
    endpoint: str | None = None
    prefix: str = ""
    region: str = "us-east-1"
    access_key: Secret | None = field(default=None, repr=False)
    secret_key: Secret | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """How a person knows it; without a key."""
        place = f"{self.bucket}/{self.prefix}".rstrip("/")
        return f"s3://{place}" + (f" at {self.endpoint}" if self.endpoint else "")


def store_of(bucket: Bucket) -> S3Store:
    """The client of a bucket; nothing is asked yet."""
    options: dict[str, str] = {"region": bucket.region}
    if bucket.endpoint is not None:
        options["endpoint"] = bucket.endpoint
    if bucket.access_key is not None and bucket.secret_key is not None:
        options["access_key_id"] = bucket.access_key.reveal()
        options["secret_access_key"] = bucket.secret_key.reveal()
    return S3Store(
        bucket.bucket,
        prefix=bucket.prefix or None,
        config=options,  # type: ignore[arg-type]  # its own type cannot be imported when it runs
        client_options={
            "allow_http": (bucket.endpoint or "").startswith("http://"),
            "connect_timeout": CONNECT_LIMIT,
            "read_timeout": SILENCE_LIMIT,
            "timeout": REQUEST_LIMIT,
        },
        retry_config={"max_retries": 2, "retry_timeout": RETRIES_LIMIT},
    )
