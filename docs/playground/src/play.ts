// Free play: a list of actions, played from the boot each time. The same list is always the same machine.
import type { AbiName } from '../../../lib/model/abi';
import { Stage } from '../../../lib/model/histories';
import type { ModelKernel } from '../../../lib/model/kernel';
import type { Task } from '../../../lib/model/task';
import { make, PROGRAMS, type Action } from './actions';
import { Camera, type Frame } from './frames';
import { explainAll } from './why';

/** What became of a list of actions. */
export interface Played {
  readonly frames: readonly Frame[];
  /** Those that could be played: what a link says need not make sense. */
  readonly actions: readonly Action[];
  readonly kernel: ModelKernel;
}

const TITLE = 'Free play';
const WELCOME =
  'A machine has booted. init has started a shell. Choose a process, and say what it does. Nothing happens by itself: you are every process, init included.';

export function play(abi: AbiName, wanted: readonly Action[]): Played {
  const stage = new Stage(abi);
  const { kernel } = stage;
  for (const program of PROGRAMS) kernel.install(`/bin/${program}`);
  const cast = new Cast(stage);
  stage.quietly(() => {
    stage.who('init').fork();
    kernel.task(2)?.execve('/bin/shell');
  });
  cast.meet();
  const camera = new Camera(stage, TITLE);
  const frames = [camera.take(WELCOME, { opening: true })];
  const actions: Action[] = [];
  for (const action of wanted) {
    const task = cast.get(action.pid);
    if (task?.canRun !== true || (action.call === 'exit' && action.pid === 1)) break;
    make(task, action);
    cast.meet();
    cast.wake();
    actions.push(action);
    const frame = camera.take('');
    frames.push({ ...frame, say: explainAll(frame) });
  }
  return { frames, actions, kernel };
}

/** Everybody, under the name of the program that it runs. */
class Cast {
  readonly #stage: Stage;
  readonly #tasks = new Map<number, Task>();
  readonly #names = new Map<number, string>();
  readonly #asleep = new Set<number>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  get(pid: number): Task | undefined {
    return this.#tasks.get(pid);
  }

  /** Gives a name to who was born, and another to who runs another program. */
  meet(): void {
    for (const { pid, comm } of this.#stage.kernel.processes()) {
      if (this.#names.get(pid) === comm) continue;
      this.#names.set(pid, comm);
      this.#tasks.set(pid, this.#stage.enter(comm, pid));
    }
  }

  /** Writes down what a call returns that has slept. */
  wake(): void {
    for (const [pid, task] of this.#tasks) {
      if (task.state === 'S') this.#asleep.add(pid);
      else if (this.#asleep.delete(pid) && task.canRun) task.takeResult();
    }
  }
}
