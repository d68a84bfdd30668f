// util.promisify(child_process.exec) and of execFile.
import type { PromiseWithChild } from 'node:child_process';
import { promisify } from 'node:util';
import { lifeOf, shown } from '../support/lives';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

type Outcome = { stdout: string; stderr: string };

/** What becomes of a promise; its child may live a little longer, and is waited for. */
const settled = async (promise: PromiseWithChild<unknown>): Promise<unknown> => {
  const closed = new Promise((resolve) => promise.child.once('close', resolve));
  const [outcome] = await Promise.allSettled([promise, closed]);
  return outcome.status === 'fulfilled' ? outcome : { ...outcome, reason: shown(outcome.reason) };
};

describeThreeWays('util.promisify(child_process.exec)', (subject) => {
  it('resolves with stdout and stderr', async () => {
    const outcome = await promisify(subject().cp.exec)('echo out; echo err >&2');

    expect(outcome).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('resolves with Buffers where the encoding says so', async () => {
    const outcome = await promisify(subject().cp.exec)('echo out', { encoding: 'buffer' });

    expect(outcome).toEqual({ stdout: Buffer.from('out\n'), stderr: Buffer.alloc(0) });
  });

  it('rejects with the error of the callback, stdout and stderr added', async () => {
    const outcome = await expectAsNode(subject(), (cp) =>
      settled(promisify(cp.exec)('echo out; echo err >&2; exit 3')),
    );

    expect(outcome).toEqual({
      status: 'rejected',
      reason: {
        name: 'Error',
        message: 'Command failed: echo out; echo err >&2; exit 3\nerr\n',
        code: 3,
        killed: false,
        signal: null,
        cmd: 'echo out; echo err >&2; exit 3',
        stdout: 'out\n',
        stderr: 'err\n',
      },
    });
  });

  it('has the child as a property of its promise, at once', async () => {
    const promise = promisify(subject().cp.exec)('cat') as PromiseWithChild<Outcome>;

    expect(promise.child).toBeInstanceOf(subject().cp.ChildProcess);
    promise.child.stdin!.end('in');
    expect(await promise).toEqual({ stdout: 'in', stderr: '' });
    expect(promise.child.exitCode).toBe(0);
  });

  it('throws at once what is no command, and rejects what only turns out to be none', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      let thrown: unknown;
      try {
        void promisify(cp.exec)(undefined as unknown as string);
      } catch (error) {
        thrown = shown(error);
      }
      return { thrown, rejected: await settled(promisify(cp.exec)('exit 1', { cwd: '/nowhere' })) };
    });

    expect(seen.thrown).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(seen.rejected).toMatchObject({ reason: { code: 'ENOENT', path: '/bin/sh' } });
  });

  it('is a function of its own and no other each time', () => {
    const { exec, execFile } = subject().cp;

    expect(promisify(exec)).toBe(promisify(exec));
    expect(promisify(execFile)).not.toBe(promisify(exec));
  });
});

describeThreeWays('util.promisify(child_process.execFile)', (subject) => {
  it('resolves with stdout and stderr', async () => {
    const outcome = await promisify(subject().cp.execFile)('echo', ['a', 'b']);

    expect(outcome).toEqual({ stdout: 'a b\n', stderr: '' });
  });

  it.each<readonly [string, string, readonly string[], object]>([
    ['an exit code', 'sh', ['-c', 'echo out; exit 3'], {}],
    ['a signal', 'sh', ['-c', 'echo out; kill -9 $$'], {}],
    ['a program that is not there', 'no-such-program', ['a'], {}],
    ['a folder that is not there', 'true', [], { cwd: '/nowhere' }],
    ['too much output', 'echo', ['12345'], { maxBuffer: 3 }],
    ['a timeout', 'cat', [], { timeout: 1 }],
    ['an AbortSignal', 'cat', [], { signal: AbortSignal.abort() }],
  ])('rejects as Node.js does for %s', async (_title, file, args, options) => {
    const outcome = await expectAsNode(subject(), (cp) =>
      settled(promisify(cp.execFile)(file, args, options)),
    );

    expect(outcome).toMatchObject({ status: 'rejected' });
  });

  it('has the child as a property of its promise, which lives as any other', async () => {
    const seen = await expectAsNode(subject(), async (cp) => {
      const promise = promisify(cp.execFile)('sh', ['-c', 'exit 5']);
      const life = lifeOf(promise.child);
      return { outcome: await settled(promise), life: await life };
    });

    expect(seen.life.events).toEqual([['spawn'], ['exit', 5, null], ['close', 5, null]]);
  });
});
