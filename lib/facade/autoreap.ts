import type { Backend } from '../backend/interface';
import { invalidArgType } from '../errors';
import { Child } from './child';
import { pidfdOn, type Pidfd } from './pidfd';
import { RunError, runOn, type run } from './run';
import { spawnOn, type spawn } from './spawn';
import { subreaperOf, type Subreaper } from './subreaper';
import { supportOf, type Support } from './support';
import { systemOf, type System } from './system';

/** `spawn`, `run` and what belongs to them, on a backend of your own choice. */
export interface Autoreap {
  /** As the `spawn` of the package. */
  readonly spawn: typeof spawn;
  /** As the `run` of the package. */
  readonly run: typeof run;
  /** As the `Pidfd` of the package, whose instances are its instances, too; `open` asks the backend. */
  readonly Pidfd: typeof Pidfd;
  /** The `Child` of the package: it is one class on every backend. */
  readonly Child: typeof Child;
  /** The `RunError` of the package: it is one class on every backend. */
  readonly RunError: typeof RunError;
  /** As the `subreaper` of the package. */
  readonly subreaper: Subreaper;
  /** As the `support` of the package. */
  readonly support: () => Support;
}

/**
 * `spawn`, `run`, `Pidfd`, `subreaper` and `support` on another backend than the kernel under us: on
 * `modelBackend(kernel)`, so that what you have written on top of it can be tested with programs that are
 * JavaScript functions.
 *
 * Several can be used side by side; each has its own processes.
 *
 * @throws `ERR_INVALID_ARG_TYPE` without a backend.
 */
export function createAutoreap(options: { readonly backend: Backend }): Autoreap {
  const given = options as { readonly backend?: Partial<Backend> } | null | undefined;
  if (typeof given?.backend?.cloneExecve !== 'function') {
    const expected = 'a backend, as modelBackend(kernel) makes one';
    throw invalidArgType('options.backend', expected, given?.backend);
  }
  const { backend } = options;
  const system = systemOf(backend);
  const on =
    <Args extends unknown[], Value>(call: (system: System, ...args: Args) => Value) =>
    (...args: Args): Value =>
      call(system, ...args);
  return {
    spawn: on(spawnOn) as typeof spawn,
    run: on(runOn) as typeof run,
    Pidfd: pidfdOn(system),
    Child,
    RunError,
    subreaper: subreaperOf(() => system),
    support: () => supportOf(system),
  };
}
