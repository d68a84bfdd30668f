// What a story is: plain data, and a function a step. docs/history/ prints them, the playground plays them.
import type { AbiName } from '../abi';
import type { ProcessView } from '../view';
import type { Stage } from './stage';

/** One of the five moments of the idea, told in scenes. */
export interface History {
  /** The name of its page, docs/history/<id>.md. */
  readonly id: string;
  readonly year: number;
  readonly title: string;
  /** The kernel that it is about. A scene may run on another, to compare. */
  readonly abi: AbiName;
  /** A sentence. */
  readonly summary: string;
  readonly scenes: readonly Scene[];
}

/** A machine of its own, from its boot. */
export interface Scene {
  /** Unique within its story. */
  readonly id: string;
  readonly title: string;
  /** @defaultValue that of the story */
  readonly abi?: AbiName;
  /** Nothing follows from a call until `stage.kernel.settle()`. @defaultValue `false` */
  readonly stepwise?: boolean;
  readonly steps: readonly SceneStep[];
}

/** What happens next, and why it matters. */
export interface SceneStep {
  /** Markdown, a sentence or two. */
  readonly say: string;
  /** Makes the calls. Whoever is on the stage is there by name; no state is kept anywhere else. */
  readonly do?: (stage: Stage) => void;
  /**
   * What a page shows below the calls: the process tree, or what the kernel did and by which rule. A live
   * view has both at any time.
   */
  readonly show?: readonly ('tree' | 'rules')[];
}

/** A step, told. */
export interface ToldStep {
  readonly say: string;
  /** `khubd(2): wait4(-1, WNOHANG|__WALL) = 3, exited with 0`. */
  readonly calls: readonly string[];
  /** What the kernel did, and by which of its functions. */
  readonly rules: readonly ToldRule[];
  /** `ps afx`, by the names that the story gives. */
  readonly tree: string;
  readonly processes: readonly ProcessView[];
  readonly show: readonly ('tree' | 'rules')[];
}

/** An entry of the machine's history, with the story's names in it. */
export interface ToldRule {
  readonly text: string;
  readonly rule: string;
}
