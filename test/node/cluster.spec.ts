// Node's cluster, whose workers are made by fork() from inside of Node.js: under register they are ours too.
// The primary is a program of its own.
import { readFileSync } from 'node:fs';
import { installedApp, wayOf } from '../support/apps';
import { script } from '../support/programs';
import { describeThreeWays, type Subject } from '../support/three-ways';

const app = installedApp();
const program = readFileSync(script('workers'), 'utf8');

/** What the primary tells of a scene. */
function play<T>(subject: Subject, scene: string): Promise<T> {
  const { module, node, env } = wayOf(subject);
  return app.tell<T>('workers.cjs', program, { node, env, args: [scene, module] });
}

interface Seen {
  /** The events of each worker, and how it is left. */
  readonly workers: Readonly<Record<string, readonly unknown[]>>;
  readonly cluster: readonly string[];
  /** Which worker answered. */
  readonly answers: readonly string[];
  /** Null for Node's own. */
  readonly reapedBy: string | null;
}

const begun = [['online'], ['listening', '127.0.0.1']];

const gone = (exitCode: number | null, signalCode: string | null): unknown[] => [
  ['disconnect'],
  ['exit', exitCode, signalCode],
];

const left = { dead: true, connected: false };

describeThreeWays('a cluster', (subject) => {
  // It takes its fork() from within Node.js: `autoreap/child_process` is not what it knows.
  const reapedBy = /register$/.test(subject().name) ? subject().reapedBy : null;

  it('has workers that come, serve in turn, crash, are replaced, and leave', async () => {
    const seen = await play<Seen & { left: string[] }>(subject(), 'lives');

    expect(seen.reapedBy).toBe(reapedBy);
    expect(seen.workers).toEqual({
      one: [
        ...begun,
        ['message', 'one has hello', null],
        ...gone(7, null),
        { ...left, exitedAfterDisconnect: false },
      ],
      two: [...begun, ...gone(null, 'SIGINT'), { ...left, exitedAfterDisconnect: false }],
      three: [...begun, ...gone(0, null), { ...left, exitedAfterDisconnect: true }],
    });
    expect(seen.cluster).toEqual([
      ...['fork 1', 'online 1', 'listening 1', 'fork 2', 'online 2', 'listening 2'],
      ...['message 1', 'disconnect 1', 'exit 1', 'fork 3', 'online 3', 'listening 3'],
      ...['disconnect 2', 'exit 2', 'disconnect 3', 'exit 3'],
    ]);
    expect(seen.left).toEqual([]);

    const [first, second, ...others] = seen.answers;
    expect([first, second].sort()).toEqual(['one', 'two']);
    expect(others.slice(0, 2)).toEqual([first, second]);
    expect(others.slice(2).sort()).toEqual(['three', 'two']);
  });

  it('lets the kernel choose with SCHED_NONE: workers are sent the handle that listens', async () => {
    const seen = await play<Seen>(subject(), 'shared');

    expect(seen.reapedBy).toBe(reapedBy);
    expect(seen.answers).toEqual(['one', 'one', 'one']);
    expect(seen.workers).toEqual({
      one: [...begun, ...gone(null, 'SIGKILL'), { ...left, exitedAfterDisconnect: false }],
    });
  });
});
