import type { Backend } from '../backend/interface';
import { ownModelBackend } from '../backend/load-model';
import type { ModelBackend } from '../backend/model';
import { nativeBackend } from '../backend/native';
import { Capabilities } from '../backend/support';
import { unsupportedError } from '../errors';

/** A kernel to ask and what it can do. Everything a user holds was given one. */
export interface System {
  readonly backend: Backend;
  readonly capabilities: Capabilities;
}

export function systemOf(backend: Backend): System {
  const capabilities = new Capabilities(backend);
  // Later, this process may be stopped or dead in the model, and no answer must seem to be one of its kernel.
  if (backend.name === 'model') for (const name of ASKED_BY_BIRTHS) capabilities.get(name);
  return { backend, capabilities };
}

const ASKED_BY_BIRTHS = [
  'clone3',
  'CLONE_AUTOREAP',
  'CLONE_NNP',
  'CLONE_PIDFD_AUTOKILL',
  'P_PIDFD',
  'PIDFD_GET_INFO',
] as const;

let native: System | Error | undefined;

/** The kernel under us, or why there is none: not Linux, or the addon did not load. */
export function nativeSystem(): System | Error {
  if (native === undefined) {
    const backend = nativeBackend();
    native = backend instanceof Error ? backend : systemOf(backend);
  }
  return native;
}

let model: System | undefined;

/** The system of what this package exports by itself. Determined when it is first asked for, never at import. */
export function defaultSystem(): System | Error {
  return isModel() ? (model ??= systemOf(ownModelBackend())) : nativeSystem();
}

/**
 * The model that the exports of this package run on under `AUTOREAP_BACKEND=model`: to install programs there, and to
 * look at it.
 * @throws `ERR_AUTOREAP_UNSUPPORTED` without `AUTOREAP_BACKEND=model`: nobody would find what is installed.
 */
export function modelKernel(): ModelBackend['kernel'] {
  if (isModel()) return ownModelBackend().kernel;
  const instead =
    'For a model of your own, there is createAutoreap({ backend: modelBackend(kernel) }).';
  const error = unsupportedError('modelKernel()', 'AUTOREAP_BACKEND=model', undefined, instead);
  error.message = `modelKernel() is of AUTOREAP_BACKEND=model, which is not set. ${instead}`;
  throw error;
}

function isModel(): boolean {
  const backend = process.env['AUTOREAP_BACKEND'] ?? '';
  if (backend === 'model') return true;
  // Who misspells it would run real programs where he meant to run none.
  if (backend === '' || backend === 'native') return false;
  throw new TypeError(`AUTOREAP_BACKEND is '${backend}': it may be 'model', 'native' or empty.`);
}
