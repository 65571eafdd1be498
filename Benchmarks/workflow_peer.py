"""The peer of `RunsBenchmark workflow`: so many workflows of three steps, durable in SQLite. Prints seconds. Usage: workflow_peer.py COUNT FOLDER"""
import sys
import time

from dbos import DBOS, SetWorkflowID

count, folder = int(sys.argv[1]), sys.argv[2]
DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{folder}/dbos.sqlite", "log_level": "ERROR"})


@DBOS.step()
def step(text):
    return text


@DBOS.workflow()
def order(number):
    step("one")
    step("two")
    step("three")
    return number


DBOS.launch()
order(0)
start = time.monotonic()
handles = []
for number in range(1, count + 1):
    with SetWorkflowID(f"order-{number}"):
        handles.append(DBOS.start_workflow(order, number))
for handle in handles:
    handle.get_result()
print(time.monotonic() - start)
DBOS.destroy()
