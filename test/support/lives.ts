import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';

/** What anybody can ask of a child at a time. Null where it is undefined. */
export interface Fields {
  readonly hasPid: boolean;
  readonly connected: boolean;
  readonly exitCode: number | null;
  readonly signalCode: string | null;
  readonly killed: boolean;
  readonly spawnfile: string;
  readonly spawnargs: readonly string[];
  readonly stdio: readonly (string | null)[];
  readonly keys: readonly string[];
}

export function fieldsOf(child: ChildProcess): Fields {
  const { connected, exitCode, signalCode, killed, spawnfile, spawnargs } = child;
  return {
    hasPid: child.pid !== undefined && child.pid > 0,
    ...{ connected, exitCode, signalCode, killed, spawnfile, spawnargs },
    // Node.js leaves them undefined where it gave up early, against its own types.
    stdio: ((child as Partial<ChildProcess>).stdio ?? []).map((stream) =>
      stream == null ? null : stream.constructor.name,
    ),
    keys: Object.keys(child),
  };
}

/** An error, by all that it says of itself but where it was made. */
export function shown(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('stack' in value)) return value;
  const { stack: _stack, ...fields } = value as Error;
  const { name, message } = value as Error;
  const told = 'cause' in value ? { ...fields, cause: value.cause } : fields;
  const own = Object.entries(told).map(([key, field]) => [key, shown(field)]);
  return { ...Object.fromEntries(own), name, message };
}

/** Everything that is seen of a child from outside. */
export interface Life {
  readonly born: Fields;
  readonly closed: Fields;
  /** In their order, with what they were given. */
  readonly events: readonly (readonly unknown[])[];
  /** What came through each pipe, by its place in `stdio`. */
  readonly output: Readonly<Record<string, string>>;
}

const EVENTS = ['spawn', 'error', 'exit', 'disconnect', 'message', 'close'] as const;

/** Follows a child until it is closed, and reads its streams unless somebody else does. */
export async function lifeOf(child: ChildProcess, { streams = true } = {}): Promise<Life> {
  const born = fieldsOf(child);
  const events: unknown[][] = [];
  const pieces: Record<string, string[]> = {};
  for (const event of EVENTS) {
    child.on(event, (...args: unknown[]) => events.push([event, ...args.map(shown)]));
  }
  for (const [index, stream] of ((child as Partial<ChildProcess>).stdio ?? []).entries()) {
    if (stream == null || index === 0 || !streams) continue;
    const texts: string[] = (pieces[index] = []);
    (stream as Duplex).setEncoding('utf8').on('data', (text: string) => texts.push(text));
  }
  await new Promise((resolve) => child.once('close', resolve));
  const output = Object.fromEntries(
    Object.entries(pieces).map(([index, texts]) => [index, texts.join('')]),
  );
  return { born, closed: fieldsOf(child), events, output };
}

/** What a call throws, as `shown`; or what became of it where it does not. */
export function thrownBy(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return { thrown: shown(error) };
  }
}
