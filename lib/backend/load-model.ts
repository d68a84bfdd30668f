// The model is larger than all the rest, so it is loaded by whoever first wants it (measured: of 22 ms that an
// import of this package would take, it would be 9).
import { invalidArgType } from '../errors';
import type { ModelKernel } from '../model/kernel';
import type * as Model from './model';
import type { ModelBackend, ModelBackendOptions } from './model';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- at once, and only now.
const load = (): typeof Model => require('./model') as typeof Model;

/**
 * A model of the kernel as what all this runs on: `createAutoreap({ backend: modelBackend(kernel) })`. This process
 * plays a `/usr/bin/node` there, a child of the kernel's init, and what it spawns are the programs that
 * `kernel.install` knows. Its init waits for the orphans that come to it.
 *
 * @throws `ERR_INVALID_ARG_TYPE` without a kernel, and `ERR_AUTOREAP_UNSUPPORTED` for an abi from before pidfds, which
 * this library has nothing to hold by.
 */
export function modelBackend(kernel: ModelKernel, options: ModelBackendOptions = {}): ModelBackend {
  if (typeof (kernel as Partial<ModelKernel> | undefined)?.onChange !== 'function') {
    throw invalidArgType('kernel', 'an instance of ModelKernel, of autoreap/model', kernel);
  }
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw invalidArgType('options', 'of type object', options);
  }
  return load().createModelBackend(kernel, options);
}

let ours: ModelBackend | undefined;

/** The one of AUTOREAP_BACKEND=model. */
export const ownModelBackend = (): ModelBackend =>
  (ours ??= modelBackend(load().createModelKernel()));
