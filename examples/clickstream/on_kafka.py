"""Runs the clickstream job from topic to topic on a broker of its own: writes clicks, starts the job, shows its results."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from broker import Broker  # noqa: E402
from clickstream import Clicks  # noqa: E402

EVENTS = int(os.environ.get("CLICKS", 200_000))


def main():
    with tempfile.TemporaryDirectory(prefix="thalweg-quickstart-") as folder:
        folder = Path(folder)
        print("starting a Kafka broker ...")
        broker = Broker(folder / "kafka")
        broker.start()
        try:
            for topic, partitions in (("clicks", 4), ("page-stats", 1), ("late-clicks", 1)):
                broker.create(topic, partitions)
            print(f"writing {EVENTS} clicks, out of order, to topic clicks on {broker.servers} ...")
            Clicks(events=EVENTS).produce(broker, "clicks")
            command = [ROOT / "build/release/bin/clickstream", "--bootstrap-servers", broker.servers, "--topic", "clicks",
                       "--out-topic", "page-stats", "--late-topic", "late-clicks", "--group", "quickstart", "--bounded",
                       "-D", "execution.checkpointing.interval=1s", "-D", f"execution.checkpointing.dir=file://{folder}/checkpoints"]
            subprocess.run(command, check=True)
            messages = broker.read("page-stats")
            print(f"{len(messages)} results in topic page-stats; the last ones:")
            for message in messages[-5:]:
                value = message.value()
                print("  ", value.decode() if isinstance(value, bytes) else value)
        finally:
            broker.stop()


if __name__ == "__main__":
    main()
