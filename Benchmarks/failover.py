"""Where the time of a failover's run went: reads `muster runs show ID --json`."""
import json
import sys

story = json.load(sys.stdin)
run, steps = story["run"], story["steps"]
total = run["finished"] - run["at"]
outside = {"resource.fence": "fence (BMC)", "resource.power_on": "power on (BMC)", "server.wait_ready": "boot and readiness (guest)"}
spent = {}
for step in steps:
    label = outside.get(step["name"], "Muster: claims, exports, journal, script")
    spent[label] = spent.get(label, 0) + step["done"] - step["intended"]
own = total - sum(length for label, length in spent.items() if not label.startswith("Muster"))
for label in outside.values():
    print(f"failover: {spent.get(label, 0) / 1000:7.2f} s  {label}")
print(f"failover: {own / 1000:7.2f} s  Muster itself (aim: under 1 s); {own / total:.1%} of the run's {total / 1000:.2f} s, {len(steps)} steps")
