"""Makes the archive of loaded classes (AppCDS) with which a broker starts in half the time.

Run by `./dev deps test` as `python -m support.kafka_archive`; does nothing when the archive is there.
"""

import fcntl
import os
import sys

from support import children, kafka, paths


def main() -> None:
    if kafka.archive().exists():
        return
    with open(kafka.home() / "archive.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kafka.archive().exists():
            return
        print("deps: class archive of Kafka", file=sys.stderr)
        staged = kafka.home() / f"kafka.jsa.{os.getpid()}"
        broker = kafka.Kafka(paths.scratch() / "kafka-archive")
        try:
            broker.start([f"-XX:ArchiveClassesAtExit={staged}"])
            broker.create_topic("archive", 2)
            broker.stop()
        finally:
            children.stop_all()
            paths.remove_scratch()
        staged.rename(kafka.archive())


if __name__ == "__main__":
    main()
