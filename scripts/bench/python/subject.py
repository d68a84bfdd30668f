"""The contender asyncio: performs what a line of stdin says, and answers with a line.

    python3 subject.py CHILDREN
"""

import asyncio
import gc
import json
import os
import platform
import signal
import subprocess
import sys
import time

CHILDREN = sys.argv[1]
PROGRAM = "/bin/true"
BLOCK = 1 << 16  # What a pipe holds.
UNTIL_THEY_SLEEP_S = 0.05
IGNORE = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)

ballast_kept = []
crowd = []
fifo = None
fifo_end = None


def now_ms():
    return time.perf_counter_ns() / 1e6


def cpu_ms():
    return time.process_time_ns() / 1e6


def child(name):
    return os.path.join(CHILDREN, name)


class Start:
    """create_subprocess_exec, and for how long it runs before it first lets the loop go on."""

    def __init__(self, *command, **stdio):
        self.coroutine = asyncio.create_subprocess_exec(*command, **(stdio or IGNORE))

    def __await__(self):
        steps = self.coroutine.__await__()
        start = now_ms()
        try:
            awaited = next(steps)
        except StopIteration as stop:
            return stop.value
        finally:
            self.blocked_ms = now_ms() - start
        yield awaited
        return (yield from steps)


async def repeat(samples, budget_ms, one):
    until = now_ms() + budget_ms
    for i in range(samples):
        if i > 0 and now_ms() > until:
            break
        await one()


async def block(samples, budget_ms):
    blocking, ended = [], []

    async def one():
        begin = now_ms()
        start = Start(PROGRAM)
        process = await start
        await process.wait()
        ended.append(now_ms() - begin)
        blocking.append(start.blocked_ms)

    await repeat(samples, budget_ms, one)
    return {"blocking": blocking, "exit": ended}


async def sync(samples, budget_ms):
    took = []

    async def one():
        begin = now_ms()
        subprocess.run([PROGRAM], stdin=subprocess.PIPE, capture_output=True, check=True)
        took.append(now_ms() - begin)

    await repeat(samples, budget_ms, one)
    return {"took": took}


class LoopDelay:
    """How late timers are while something else goes on: one of a millisecond after the other."""

    def __init__(self):
        self.late = []
        self.last = now_ms()
        self.loop = asyncio.get_running_loop()
        self.timer = self.loop.call_later(0.001, self.beat)

    def beat(self):
        now = now_ms()
        self.late.append(max(0, now - self.last - 1))
        self.last = now
        self.timer = self.loop.call_later(0.001, self.beat)

    def stop(self):
        self.timer.cancel()
        self.late.sort()
        return self.late[int(len(self.late) * 0.99)] if self.late else 0


async def throughput(in_flight, for_ms):
    count = 0
    delay = LoopDelay()
    start, start_cpu = now_ms(), cpu_ms()

    async def lane():
        nonlocal count
        while now_ms() < start + for_ms:
            await (await Start(PROGRAM)).wait()
            count += 1

    await asyncio.gather(*(lane() for _ in range(in_flight)))
    took, used = now_ms() - start, cpu_ms() - start_cpu
    return {"rate": [count / took * 1e3], "cpu": [used / count], "delay": [delay.stop()]}


async def gather(count, path):
    global fifo, fifo_end
    fifo = path
    if fifo_end is None:
        fifo_end = os.open(path, os.O_RDWR)
    while len(crowd) < count:
        crowd.append(await Start(child("sleeper"), fifo))
    return {}


async def exit_latency(samples):
    victims = [await Start(child("sleeper"), fifo) for _ in range(samples)]
    await asyncio.sleep(UNTIL_THEY_SLEEP_S)
    latency = []
    start_cpu = cpu_ms()
    for victim in victims:
        start = now_ms()
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        latency.append(now_ms() - start)
    return {"latency": latency, "cpu": [(cpu_ms() - start_cpu) / samples]}


async def exit_together():
    exits = [asyncio.ensure_future(process.wait()) for process in crowd]
    await asyncio.sleep(0)
    start, start_cpu = now_ms(), cpu_ms()
    os.close(fifo_end)
    await asyncio.gather(*exits)
    return {"together": [now_ms() - start], "togetherCpu": [cpu_ms() - start_cpu]}


async def pipe_in(size):
    start, start_cpu = now_ms(), cpu_ms()
    stdio = {**IGNORE, "stdout": subprocess.PIPE}
    process = await Start(child("source"), str(size), **stdio)
    left = size
    while data := await process.stdout.read(BLOCK):
        left -= len(data)
    await process.wait()
    assert left == 0
    return {"rate": [size / (now_ms() - start) / 1e6], "cpu": [cpu_ms() - start_cpu]}


async def pipe_out(size):
    start, start_cpu = now_ms(), cpu_ms()
    stdio = {**IGNORE, "stdin": subprocess.PIPE}
    process = await Start(child("sink"), str(size), **stdio)
    data = bytes(BLOCK)
    for left in range(size, 0, -BLOCK):
        process.stdin.write(data[:left])
        await process.stdin.drain()
    process.stdin.close()
    assert await process.wait() == 0
    return {"rate": [size / (now_ms() - start) / 1e6], "cpu": [cpu_ms() - start_cpu]}


async def hello():
    return {"version": f"Python {platform.python_version()}"}


async def ballast(megabytes):
    ballast_kept.append(b"\1" * (int(megabytes) * 1_000_000))
    return {}


async def tidy():
    gc.collect()
    return {}


ACTIONS = {
    "hello": hello,
    "ballast": ballast,
    "tidy": tidy,
    "block": block,
    "sync": sync,
    "throughput": throughput,
    "gather": gather,
    "exitLatency": exit_latency,
    "exitTogether": exit_together,
    "pipeIn": pipe_in,
    "pipeOut": pipe_out,
}


async def main():
    # What Python does by itself since 3.12; before, it has a thread for each child.
    if sys.version_info < (3, 12):
        watcher = asyncio.PidfdChildWatcher()
        watcher.attach_loop(asyncio.get_running_loop())
        asyncio.set_child_watcher(watcher)
    # Between the lines there is nothing to do: the loop may stand still until the next one.
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": await ACTIONS[request["action"]](*request["args"])}
        except Exception as error:
            answer = {"error": f"{request['action']}: {error!r}"}
        print(json.dumps(answer), flush=True)


asyncio.run(main())
