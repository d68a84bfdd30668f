import type { ChildProcess } from 'node:child_process';

/** The events of a child up to 'close', each with its arguments, in their order. */
export function eventsOf(child: ChildProcess): Promise<string[]> {
  const seen: string[] = [];
  const note = (event: string) => {
    child.on(event, (...args: unknown[]) => {
      const [first] = args;
      const isError = typeof first === 'object' && first !== null && 'code' in first;
      const shown = isError ? [first.code] : args;
      seen.push([event, ...shown.map(String)].join(' '));
    });
  };
  for (const event of ['spawn', 'error', 'exit', 'disconnect']) note(event);
  return new Promise((resolve) => {
    child.once('close', (...args: unknown[]) => {
      resolve([...seen, ['close', ...args.map(String)].join(' ')]);
    });
  });
}
