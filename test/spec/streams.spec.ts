// The pipes between us and a child.
import type { Socket } from 'node:net';
import { spawn } from '../../lib/index';
import { describeEachBackend } from '../support/backends';
import { outputOf } from '../support/programs';
import { describeEachReaper } from '../support/reapers';

describeEachBackend('the streams of a child', ({ spawn, programs, options: own }) => {
  it('are kept apart, and arrive before it is closed', async () => {
    const child = spawn(...programs.says('out\n', 'err\n', 3), own);

    expect(await outputOf(child)).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
      signalCode: null,
    });
  });

  it("have brought what it wrote before its end by the time of 'exit'", async () => {
    const child = spawn(...programs.says('out\n', 'err\n'), own);
    const closed = new Promise((resolve) => child.once('close', resolve));
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
    }

    const heard = new Promise<string[]>((resolve) => {
      child.once('exit', () => {
        resolve(said.toSorted());
      });
    });

    expect(await heard).toEqual(['err\n', 'out\n']);
    await closed;
  });

  // What the pipe holds, and what a stream takes at least (16 KiB, Node.js 20). With the kernel's 64 KiB and
  // all that a stream may take it would hang by one byte.
  it('take 144 KiB of a child before anybody asks for them', async () => {
    const child = spawn(...programs.zeros(144 << 10), own);
    const closed = new Promise((resolve) => child.once('close', resolve));

    expect(await child.exited).toMatchObject({ exitCode: 0 });
    child.stdout.resume();
    child.stderr.resume();
    await closed;
  });

  it('carry 100 MiB whole, both ways at once', async () => {
    const SIZE = 100 << 20;
    const block = Buffer.alloc((1 << 20) + 13, 'no two offsets of a pipe look alike here, ');
    const child = spawn(...programs.cat(), own);
    const closed = new Promise((resolve) => child.once('close', resolve));
    let arrived = 0;
    let same = true;
    child.stdout.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length;) {
        const from = (arrived + at) % block.length;
        const length = Math.min(chunk.length - at, block.length - from);
        same &&= block.compare(chunk, at, at + length, from, from + length) === 0;
        at += length;
      }
      arrived += chunk.length;
    });
    let sent = 0;
    const send = (): void => {
      while (sent < SIZE) {
        const part = block.subarray(0, Math.min(block.length, SIZE - sent));
        sent += part.length;
        if (!child.stdin.write(part)) {
          child.stdin.once('drain', send);
          return;
        }
      }
      child.stdin.end();
    };
    send();

    await closed;
    expect(arrived).toBe(SIZE);
    expect(same).toBe(true);
  });

  // The grandchild holds standard output until the pipe 3, which is ours, ends.
  it('do not delay the exit when a grandchild keeps them, but they do the close', async () => {
    const child = spawn(...programs.leavesChild(), {
      ...own,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    const events: string[] = [];
    child.on('exit', (code) => events.push(`exit ${String(code)}`));
    child.stdout!.on('end', () => events.push('end'));
    const closed = new Promise<void>((resolve) => {
      child.once('close', (code) => {
        events.push(`close ${String(code)}`);
        resolve();
      });
    });
    const output = outputOf(child);
    const exited = new Promise((resolve) => child.once('exit', resolve));

    const { exitCode } = await child.exited;
    await exited;
    expect({ exitCode, events: [...events] }).toEqual({ exitCode: 7, events: ['exit 7'] });

    (child.stdio[3] as Socket).end('late');
    await closed;
    expect(events).toEqual(['exit 7', 'end', 'close 7']);
    expect((await output).stdout).toBe('late');
  });

  it('are duplex from 3 on', async () => {
    const child = spawn(...programs.echoes(), {
      ...own,
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
    });
    const echo = async (fd: 3 | 4, text: string): Promise<string> => {
      const socket = child.stdio[fd] as Socket;
      let answer = '';
      socket.setEncoding('utf8').on('data', (data: string) => (answer += data));
      socket.end(text);
      await new Promise((resolve) => socket.once('end', resolve));
      return answer;
    };
    const ended = outputOf(child);

    expect(await Promise.all([echo(3, 'three'), echo(4, 'four')])).toEqual(['three', 'four']);
    expect((await ended).exitCode).toBe(0);
  });

  it('are in `stdio`, and under their names', async () => {
    const child = spawn(...programs.exits(0), {
      ...own,
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'ignore', 'pipe'],
    });
    const ended = outputOf(child);
    const { stdio, stdin, stdout, stderr } = child;
    (stdio as unknown[]).slice(3).forEach((stream) => (stream as Socket | null)?.resume());

    expect([stdio[0], stdio[1], stdio[2]]).toEqual([stdin, null, stderr]);
    expect(stdout).toBeNull();
    const there = (stdio as unknown[]).map((stream) => stream !== null);
    expect(there).toEqual([true, false, true, true, false, true]);
    await ended;
  });

  it('are null where they are not pipes', async () => {
    const child = spawn(...programs.exits(0), { ...own, stdio: 'ignore' });
    const ended = outputOf(child);

    expect([child.stdin, child.stdout, child.stderr]).toEqual([null, null, null]);
    await ended;
  });

  // It lives on, because its exit would destroy the stream: whichever is told first wins.
  it('break with EPIPE when a child leaves its input unread', async () => {
    const child = spawn(...programs.closesInput(), {
      ...own,
      stdio: ['pipe', 'ignore', 'inherit', 'pipe'],
    });
    const ended = outputOf(child);
    const broken = new Promise<NodeJS.ErrnoException>((resolve) => {
      child.stdin!.once('error', resolve);
    });
    child.stdin!.write(Buffer.alloc(1 << 20));

    expect(await broken).toMatchObject({ code: 'EPIPE', syscall: 'write' });
    (child.stdio[3] as Socket).end();
    expect((await ended).exitCode).toBe(0);
  });

  it('end a child by SIGPIPE when its output is not wanted any more', async () => {
    const child = spawn(...programs.yes(), { ...own, stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = outputOf(child);
    child.stdout.once('data', () => child.stdout.destroy());

    expect((await ended).signalCode).toBe('SIGPIPE');
  });

  it('can be a pipeline, each child with the pipe of the next', async () => {
    const last = spawn(...programs.cat(), own);
    const ended = outputOf(last);
    const first = spawn(...programs.says('through\n', ''), {
      ...own,
      stdio: ['ignore', last.stdin, 'inherit'],
    });
    const firstEnded = outputOf(first);
    last.stdin.destroy();

    await firstEnded;
    expect((await ended).stdout).toBe('through\n');
  });

  it('are many, without getting mixed up', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const child = spawn(...programs.cat(), own);
        child.stdin.end(`child ${String(i)}`);
        return outputOf(child);
      }),
    );

    expect(outputs.map(({ stdout }) => stdout)).toEqual(
      outputs.map((_, i) => `child ${String(i)}`),
    );
  });
});

describeEachReaper('the pipes of a child', ({ options: own }) => {
  it('open by the names of /dev', async () => {
    const open = 'cat </dev/stdin >/dev/stdout; echo err >/dev/stderr';
    const child = spawn('sh', ['-c', open], own);
    child.stdin.end('in\n');

    expect(await outputOf(child)).toMatchObject({ stdout: 'in\n', stderr: 'err\n', exitCode: 0 });
  });
});
