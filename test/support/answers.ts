import type { ChildProcess } from 'node:child_process';
import { lifeOf, shown, type Life } from './lives';

/** What a callback of exec or execFile was given, and the life of its child. */
export interface Answer {
  readonly error: unknown;
  readonly stdout: string | Buffer;
  readonly stderr: string | Buffer;
  readonly events: Life['events'];
  readonly closed: Life['closed'];
}

type Callback = (error: unknown, stdout: string | Buffer, stderr: string | Buffer) => void;

/** Calls exec or execFile, and waits for the callback and for the child's end. */
export async function answerOf(call: (callback: Callback) => ChildProcess): Promise<Answer> {
  let answered!: (answer: Pick<Answer, 'error' | 'stdout' | 'stderr'>) => void;
  const answer = new Promise<Parameters<typeof answered>[0]>((resolve) => (answered = resolve));
  let calls = 0;
  const child = call((error, stdout, stderr) => {
    calls++;
    answered({ error: shown(error), stdout, stderr });
  });
  // Its streams are read, and decoded, by the one who calls back.
  const { events, closed } = await lifeOf(child, { streams: false });
  const said = await answer;
  if (calls !== 1) throw new Error(`${calls} callbacks`);
  return { ...said, events, closed };
}
