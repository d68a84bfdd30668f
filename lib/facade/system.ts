import type { Backend } from '../backend/interface';
import { nativeBackend } from '../backend/native';
import { Capabilities } from '../backend/support';

/** A kernel to ask and what it can do. Everything a user holds was given one. */
export interface System {
  readonly backend: Backend;
  readonly capabilities: Capabilities;
}

let system: System | Error | undefined;

/** The kernel under us, or why there is none: not Linux, or the addon did not load. */
export function defaultSystem(): System | Error {
  if (system === undefined) {
    const backend = nativeBackend();
    system =
      backend instanceof Error ? backend : { backend, capabilities: new Capabilities(backend) };
  }
  return system;
}
